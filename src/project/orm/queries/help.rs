//! How an index is asked for in the words of each library.

use super::OrmQuery;
use crate::findings::{IndexNeed, KeyUse};
use crate::project::Project;
use crate::project::orm::Orm;
use crate::project::schema::{Model, Table, Unmade};
use crate::source::Span;
use crate::sql::ddl::define::table_name;

/// What to add to the model of a query; `None` where plain SQL says it best.
pub(super) fn index(project: &Project, query: &OrmQuery, need: &IndexNeed) -> Option<String> {
    let table = table_name(&need.table, Span::default());
    let first = need.equal.first().map_or_else(|| need.then.first().map(|(column, _)| column), Some);
    let is_declared = |table: &&Table| first.is_some_and(|column| table.unmade_index(column).is_some());
    if project.schema().definitions(&table).iter().any(is_declared) {
        return Some(Unmade::HELP.to_owned());
    }
    let model = query.owner.as_ref().and_then(|owner| project.schema().model(owner));
    // The columns of another table are not attributes of this one.
    let is_own = model.is_some_and(|model| is_table(&need.table, &model.table));
    let field = |column: &str| {
        let attribute = model.filter(|_| is_own).and_then(|model: &Model| model.attribute(column));
        attribute.unwrap_or(column).to_owned()
    };
    let equal = need.equal.iter().map(|column| (field(column), false));
    let then = need.then.iter().map(|(column, wanted)| (field(column), *wanted == KeyUse::Descending));
    let fields: Vec<(String, bool)> = equal.chain(then).collect();
    let listed = |quoted: &dyn Fn(&(String, bool)) -> String| fields.iter().map(quoted).collect::<Vec<_>>().join(", ");
    let text = |(name, _): &(String, bool)| format!("\"{name}\"");
    let is_one = fields.len() == 1;
    Some(match query.orm {
        Orm::Django => {
            let signed = listed(&|(name, descending)| format!("\"{}{name}\"", if *descending { "-" } else { "" }));
            let index = format!("add `models.Index(fields=[{signed}])` to `Meta.indexes`");
            let first = if is_one { format!("give the field `db_index=True`, or {index}") } else { index };
            format!("{first}; on PostgreSQL make it with `AddIndexConcurrently`")
        }
        Orm::SqlAlchemy => {
            let index = format!(
                "add `Index(\"ix_{}_{}\", {})` to `__table_args__`",
                need.table.rsplit('.').next().unwrap_or(&need.table),
                fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("_"),
                listed(&text)
            );
            if is_one { format!("give the column `index=True`, or {index}") } else { index }
        }
        Orm::Prisma => {
            let keys = listed(&|(name, descending)| format!("{name}{}", if *descending { "(sort: Desc)" } else { "" }));
            format!("add `@@index([{keys}])` to the model")
        }
        Orm::TypeOrm if is_one => "put `@Index()` on the property".to_owned(),
        Orm::TypeOrm => format!("put `@Index([{}])` on the entity", listed(&text)),
        Orm::MikroOrm if is_one => "put `@Index()` on the property".to_owned(),
        Orm::MikroOrm => format!("put `@Index({{ properties: [{}] }})` on the entity", listed(&text)),
        Orm::Sequelize => format!("add `{{ fields: [{}] }}` to the `indexes` of the model", listed(&text)),
        Orm::Peewee => {
            let keys = fields.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>();
            let listed = if is_one { format!("{},", keys[0]) } else { keys.join(", ") };
            let index = format!("add `(({listed}), False)` to `Meta.indexes`");
            if is_one { format!("give the field `index=True`, or {index}") } else { index }
        }
        Orm::Drizzle => {
            let name = need.table.rsplit('.').next().unwrap_or(&need.table);
            let keys = fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("_");
            let parts =
                listed(&|(name, descending)| format!("table.{name}{}", if *descending { ".desc()" } else { "" }));
            format!("add `index(\"{name}_{keys}_idx\").on({parts})` to what the table's last argument gives")
        }
        Orm::Knex | Orm::Objection => format!("add `table.index([{}])` in a migration", listed(&text)),
        _ => return None,
    })
}

fn is_table(full: &str, own: &str) -> bool {
    let last = |name: &str| name.rsplit('.').next().unwrap_or("").to_lowercase();
    last(full) == last(own)
}
