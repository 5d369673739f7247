//! Several counts of one table that follow each other: `Order.objects.filter(state="open").count()`, once for each state.

use super::Orm;
use super::collect::Collector;
use super::django::split_lookup;
use super::evidence::of_call;
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::{ClassMember, ClassRef};
use crate::source::Span;

/// From so many counts on, one query is worth its words.
const SEVERAL: usize = 3;

/// Several counts of the rows of one model.
#[derive(Clone, Debug)]
pub struct OrmCounts {
    /// The class of the model.
    pub model: ClassRef,
    /// Each count, on one line, in order of place.
    pub spans: Vec<Span>,
}

/// One count, with what must be the same for several to be run one after the other.
struct Count {
    call: CallId,
    span: Span,
    place: (FunctionId, Option<GuardId>, ClassRef),
}

impl Collector<'_, '_> {
    /// Counts of Django's querysets of one model, run one after the other.
    pub(super) fn several_counts(&mut self) {
        let facts = self.facts;
        if facts.names.find("count").is_none() {
            return;
        }
        let ids = (0u32..).map(CallId).take(facts.calls.len());
        let mut counts: Vec<Count> = ids.filter_map(|call| self.count(call)).collect();
        counts.sort_by_key(|count| (count.place, count.span.start));
        for same in counts.chunk_by(|one, other| one.place == other.place) {
            let (Some(first), Some(last)) = (same.first(), same.last()) else { continue };
            let between = &self.source[first.span.start as usize..last.span.end as usize];
            // What may leave between them may leave the others out.
            let leaves = between.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            let mut texts: Vec<&str> =
                same.iter().map(|count| &self.source[facts.call(count.call).span.range()]).collect();
            texts.sort_unstable();
            texts.dedup();
            let may_leave =
                leaves.into_iter().any(|word| matches!(word, "return" | "raise" | "yield" | "save" | "delete"));
            if texts.len() >= SEVERAL && texts.len() == same.len() && !may_leave {
                let spans = same.iter().map(|count| count.span).collect();
                self.found.several_counts.push(OrmCounts { model: first.place.2, spans });
            }
        }
        self.found.several_counts.sort_by_key(|counts| counts.spans[0]);
    }

    /// A count whose number is used, of rows that one query could count along with others: conditions on the model's
    /// own columns, and nothing that makes other rows of them.
    fn count(&self, call: CallId) -> Option<Count> {
        let at = self.facts.call(call);
        let is_plain = self.called(call) == "count" && at.args.is_empty() && at.in_loop.is_none();
        // `if qs.count():` asks for one row.
        let is_number = !matches!(at.result, ResultUse::Tested | ResultUse::Discarded);
        let span = self.one_line(at.name_span);
        if !is_plain || !is_number || self.found.counts.iter().any(|mark| mark.span == span) {
            return None;
        }
        let evidence = of_call(self.types, self.file, call)?;
        let model =
            evidence.model.filter(|_| evidence.orm == Orm::Django && evidence.confidence == Confidence::High)?;
        let chain = self.chain(call);
        let is_step = |&step: &CallId| match self.called(step) {
            "count" | "all" | "order_by" => true,
            "filter" => self.facts.call(step).args.iter().all(|arg| self.is_own_column(model, arg)),
            _ => false,
        };
        // The first step is called on the model's manager, not on rows of an owner that may be few.
        let begins = chain.last().is_some_and(|&first| self.is_manager_of_model(first));
        let place = (at.function, at.guard, model);
        (begins && chain.iter().all(is_step) && !chain.iter().any(|&step| self.asks_for_key(step))).then_some(Count {
            call,
            span,
            place,
        })
    }

    /// Whether a condition is on a column of the model itself: what lies behind a relation may be there several times.
    fn is_own_column(&self, model: ClassRef, arg: &Arg) -> bool {
        let Some(key) = arg.name.map(|name| &self.facts.names[name]) else { return false };
        let (column, _) = split_lookup(key);
        let member = |name: &str| match self.types.class_member(model, name)? {
            ClassMember::Attribute(file, value, _) => {
                let facts = &self.types.project().file(file).facts;
                let Value::Call(call) = facts.value(value) else { return None };
                Some(facts.own_name(facts.call(*call).callee).unwrap_or("").to_owned())
            }
            _ => None,
        };
        let declared = member(column).or_else(|| member(column.strip_suffix("_id")?));
        matches!(column, "id" | "pk")
            || declared.is_some_and(|kind| {
                (kind.ends_with("Field") || kind.ends_with("ForeignKey"))
                    && !kind.contains("ManyToMany")
                    && !kind.contains("Relation")
            })
    }
}
