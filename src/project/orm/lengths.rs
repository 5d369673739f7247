//! Rows that are fetched to be counted, and for nothing else: `len(Order.objects.filter(…))`,
//! `(await prisma.order.findMany()).length`.

use super::Orm;
use super::collect::Collector;
use super::evidence::of_call;
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::Flow;
use crate::project::querysets::Step;
use crate::source::Span;

/// Rows of a query of which only the number is asked.
#[derive(Clone, Debug)]
pub struct OrmLength {
    /// Whose query it is.
    pub orm: Orm,
    /// Its last step.
    pub call: CallId,
    /// That step's name, on one line.
    pub span: Span,
    /// How sure it is that this is a database query.
    pub confidence: Confidence,
    /// Whether only the rows of an owner may be meant, which are few.
    pub is_narrow: bool,
    /// Whether it only matters if there is one.
    pub is_for_existence: bool,
    /// `len(` and `)`, where the query stands between them.
    pub around: Option<(Span, Span)>,
}

/// Steps of SQLAlchemy's after which a count would be another one, or could not be asked for.
const PARTS: [&str; 8] = ["fetch", "first", "from_statement", "group_by", "limit", "offset", "slice", "unique"];
/// Options that leave the number of rows as it is; sorted.
const OPTIONS: [&str; 12] = [
    "attributes",
    "logging",
    "order",
    "orderBy",
    "paranoid",
    "raw",
    "relations",
    "select",
    "transaction",
    "useMaster",
    "where",
    "withDeleted",
];

impl<'p> Collector<'_, 'p> {
    /// `len(rows)` of Python.
    pub(super) fn lengths(&mut self) {
        let facts = self.facts;
        if facts.names.find("len").is_none() {
            return;
        }
        let flow = Flow::new(facts);
        let mut bound = Vec::new();
        for call in &facts.calls {
            let [arg] = call.args.as_slice() else { continue };
            let is_len = matches!(facts.value(call.callee), Value::Global(_)) && flow.called_name(call) == Some("len");
            let Value::Call(query) = *facts.value(arg.value) else { continue };
            if !is_len {
                continue;
            }
            if facts.call(query).span == arg.span {
                let around = (
                    Span { start: call.span.start, end: arg.span.start },
                    Span { start: arg.span.end, end: call.span.end },
                );
                let is_for_existence = self.is_compared_with_none(call.span);
                self.length(query, is_for_existence, Some(around));
            } else if facts.call(query).result == ResultUse::Bound && !bound.contains(&query) {
                bound.push(query);
                if let Some(is_for_existence) = self.only_measured(query, |before, after| {
                    Some((before.strip_suffix("len(")?.len(), after.strip_prefix(')')?.len()))
                }) {
                    self.length(query, is_for_existence, None);
                }
            }
        }
    }

    /// `rows.length` of JavaScript, where `call` finds the rows.
    pub(super) fn length_of_found(&mut self, call: CallId) {
        let at = self.facts.call(call);
        if !at.awaited {
            return;
        }
        let measured = if at.result == ResultUse::Bound {
            self.only_measured(call, |before, after| Some((before.len(), length_after(after)?.len())))
        } else {
            // `(await find()).length`
            let whole = self.source.get(at.span.end as usize..).and_then(|rest| {
                let inner = rest.trim_start().strip_prefix(')')?;
                Some(self.source.len() - length_after(inner)?.len())
            });
            let start = self.source[..at.span.start as usize].trim_end().strip_suffix("await");
            let start = start.and_then(|before| before.trim_end().strip_suffix('(')).map(str::len);
            start.zip(whole).map(|(start, end)| self.is_compared_with_none(Span::new(start, end)))
        };
        if let Some(is_for_existence) = measured {
            self.length(call, is_for_existence, None);
        }
    }

    fn length(&mut self, query: CallId, is_for_existence: bool, around: Option<(Span, Span)>) {
        let Some(evidence) = of_call(self.types, self.file, query) else { return };
        let at = self.facts.call(query);
        let name = self.called(query);
        let chain = self.chain(query);
        let mut is_narrow = false;
        let is_whole = match evidence.orm {
            Orm::Django => {
                let manager = chain.last().and_then(|&first| self.receiver(first));
                let relation = manager.and_then(|manager| self.facts.own_name(manager)).unwrap_or("");
                is_narrow = !chain.iter().any(|&step| self.is_manager_of_model(step));
                // Rows that were prefetched are at hand.
                let may_be_held = is_narrow && name == "all" && self.types.project().may_be_eager(relation);
                evidence.confidence == Confidence::High
                    && Step::named(name).is_some_and(Step::gives_queryset)
                    && !may_be_held
                    && !chain.iter().any(|&step| self.asks_for_key(step))
            }
            Orm::SqlAlchemy => {
                let text = &self.source[at.span.range()];
                evidence.confidence == Confidence::High
                    && matches!(name, "all" | "fetchall")
                    && (evidence.receiver == "sqlalchemy.orm.Query" || text.contains("select("))
                    && !chain.iter().any(|&step| PARTS.contains(&self.called(step)))
                    && !PARTS.iter().any(|word| text.contains(&format!(".{word}(")))
                    && chain.iter().any(|&step| {
                        matches!(self.called(step), "query" | "scalars" | "execute" | "exec")
                            || self.is_query_of_model(step)
                    })
            }
            Orm::Prisma => name == "findMany" && self.has_plain_options(query),
            Orm::Sequelize => name == "findAll" && self.has_plain_options(query),
            Orm::TypeOrm => name == "find" && self.has_plain_options(query),
            _ => false,
        };
        if is_whole {
            let span = self.one_line(at.name_span);
            let confidence = evidence.confidence;
            self.found.lengths.push(OrmLength {
                orm: evidence.orm,
                call: query,
                span,
                confidence,
                is_narrow,
                is_for_existence,
                around,
            });
        }
    }

    /// `User.query` of Flask-SQLAlchemy before the call.
    fn is_query_of_model(&self, call: CallId) -> bool {
        self.receiver(call).is_some_and(|receiver| self.facts.own_name(receiver) == Some("query"))
    }

    /// Whether a finder is given options that are all in sight and take no part of the rows.
    pub(super) fn has_plain_options(&self, call: CallId) -> bool {
        let args = &self.facts.call(call).args;
        args.iter().all(|arg| match self.facts.value(arg.value) {
            Value::Mapping(entries) => entries
                .iter()
                .all(|&(key, _)| self.facts.literal(key).is_some_and(|key| OPTIONS.binary_search(&key).is_ok())),
            _ => false,
        })
    }

    /// Whether all that is done with the name that a call's result is bound to is to measure it; and if so, whether it
    /// only matters if that is zero. `measure` is given what stands before and after a mention, and says how much of
    /// the one is left before and how much of the other after the whole expression.
    fn only_measured(&self, call: CallId, measure: impl Fn(&str, &str) -> Option<(usize, usize)>) -> Option<bool> {
        let mentions = self.mentions_of(call)?;
        let mut is_for_existence = true;
        for mention in &mentions {
            let (begin, rest) = measure(mention.before, mention.after)?;
            is_for_existence &= self.is_compared_with_none(Span::new(begin, mention.end - rest));
        }
        (!mentions.is_empty()).then_some(is_for_existence)
    }

    /// Whether a number that stands there is only compared with zero.
    fn is_compared_with_none(&self, span: Span) -> bool {
        let after = self.source[span.end as usize..].trim_start_matches([' ', '\t']);
        let signs =
            ["> 0", ">0", "=== 0", "!== 0", "== 0", "==0", "!= 0", "!=0", "===0", "!==0", ">= 1", ">=1", "< 1", "<1"];
        let is_compared = signs.iter().any(|sign| {
            after
                .strip_prefix(sign)
                .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit() || next == '.'))
        });
        let before = self.source[..span.start as usize].trim_end_matches([' ', '\t']);
        let is_tested = (before.ends_with("if") || before.ends_with("not") || before.ends_with("elif"))
            && after.starts_with(':')
            || before.ends_with('!')
            || (before.ends_with("if (") && after.starts_with(')'));
        is_compared || is_tested
    }
}

/// What follows on `.length`.
fn length_after(after: &str) -> Option<&str> {
    let rest = after.strip_prefix('?').unwrap_or(after).strip_prefix(".length")?;
    let goes_on = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$' | '(');
    (!rest.starts_with(goes_on)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(OPTIONS.is_sorted());
    }
}
