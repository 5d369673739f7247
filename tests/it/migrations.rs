//! `seqscan advise --as TOOL`: migrations that the tools take, and that make the indexes.

use std::process::{Command, Output};

#[cfg(unix)]
use crate::engines::{Engine, Kind};
use crate::project::{Project, repository};

/// What is printed for a tool, without the comments that name the files, and those names.
fn migrations(project: &Project, args: &[&str]) -> (String, Vec<String>) {
    let output = project.run(&[&["advise", "--output-format", "json"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = found["tables"].as_array().unwrap().iter().flat_map(|table| table["migrations"].as_array().unwrap());
    let (texts, paths): (Vec<String>, Vec<String>) =
        all.map(|one| (one["text"].as_str().unwrap().to_owned(), one["path"].as_str().unwrap().to_owned())).unzip();
    (texts.concat(), paths)
}

const SCHEMA: &str = "\
CREATE TABLE users (id bigserial PRIMARY KEY, token text, \"lastSeen\" timestamptz, shop_id bigint);
";

const QUERIES: &str = "\
SELECT id FROM users WHERE token = $1;
SELECT id FROM users ORDER BY \"lastSeen\" DESC, id LIMIT 5;
SELECT id FROM users WHERE shop_id = $1 AND \"lastSeen\" > $2;
";

/// The schema and the queries as a database takes them.
fn in_dialect(text: &str, dialect: &str) -> String {
    let quote = if dialect == "mysql" { "`" } else { "\"" };
    let text = text.replace('"', quote);
    if dialect == "postgresql" {
        return text;
    }
    let text = text
        .replace("bigserial", "integer")
        .replace("timestamptz", "timestamp")
        .replace("token text", "token varchar(40)");
    text.replace("$1", "?").replace("$2", "?")
}

/// A project of SQL for a database.
fn plain(dialect: &str) -> Project {
    let (schema, queries) = (in_dialect(SCHEMA, dialect), in_dialect(QUERIES, dialect));
    let configuration = format!("dialect = \"{dialect}\"\n");
    Project::new([("schema.sql", schema), ("queries.sql", queries), ("seqscan.toml", configuration)])
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn python(project: &Project, args: &[&str]) -> Output {
    let python = repository().join("target/venv/bin/python");
    assert!(python.is_file(), "run tests/run once: it installs the ORMs");
    Command::new(python).arg("-B").args(args).current_dir(project.path()).output().unwrap()
}

fn node(project: &Project, script: &str) -> Output {
    let modules = repository().join("target/lazy-typeorm/node_modules");
    Command::new("node").args(["-e", script]).env("NODE_PATH", modules).current_dir(project.path()).output().unwrap()
}

/// The indexes of a SQLite file: `name(columns)`.
const INDEXES: &str = "
import sqlite3, sys
base = sqlite3.connect(sys.argv[1])
for name, in base.execute(\"select name from sqlite_master where type = 'index' and sql is not null order by name\"):
    columns = [row[2] for row in base.execute(f'pragma index_info(\"{name}\")')]
    print(name + '(' + ', '.join(columns) + ')')
";

const SHOP: [(&str, &str); 7] = [
    ("shop/__init__.py", ""),
    ("shop/migrations/__init__.py", ""),
    (
        "shop/migrations/0001_initial.py",
        "from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name=\"Visit\",
            fields=[
                (\"id\", models.BigAutoField(primary_key=True)),
                (\"page\", models.CharField(db_column=\"page_path\", max_length=200)),
                (\"guest\", models.CharField(max_length=20)),
                (\"at\", models.DateTimeField()),
            ],
        ),
    ]
",
    ),
    (
        "shop/models.py",
        "from django.db import models


class Visit(models.Model):
    id = models.BigAutoField(primary_key=True)
    page = models.CharField(db_column=\"page_path\", max_length=200)
    guest = models.CharField(max_length=20)
    at = models.DateTimeField()
",
    ),
    (
        "shop/views.py",
        "from .models import Visit


def of_page(page):
    return Visit.objects.filter(page=page).count()


def of_guest(guest, since):
    return Visit.objects.filter(guest=guest, at__gt=since).count()


def newest():
    return Visit.objects.order_by(\"-at\", \"id\")[:10]
",
    ),
    (
        "manage.py",
        "import os, sys
os.environ[\"DJANGO_SETTINGS_MODULE\"] = \"settings\"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
",
    ),
    (
        "settings.py",
        "DATABASES = {\"default\": {\"ENGINE\": \"django.db.backends.sqlite3\", \"NAME\": \"shop.sqlite\"}}
INSTALLED_APPS = [\"shop\"]
SECRET_KEY = \"a\"
USE_TZ = True
",
    ),
];

#[test]
fn django_migrates() {
    let project = Project::new(SHOP);
    let (text, paths) = migrations(&project, &[]);
    assert_eq!(paths, ["shop/migrations/0002_add_shop_visit_indexes.py"]);
    insta::assert_snapshot!(text, @r#"
    # Put the same into `Meta.indexes` of the model, or the next `makemigrations` takes them away:
    #     models.Index(fields=["guest", "at"], name="shop_visit_guest_at_idx"),
    #     models.Index(fields=["-at", "id"], name="shop_visit_at_id_idx"),
    #     models.Index(fields=["page"], name="shop_visit_page_path_idx"),
    from django.db import migrations, models


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]

        operations = [
            migrations.AddIndex(
                model_name="visit",
                index=models.Index(fields=["guest", "at"], name="shop_visit_guest_at_idx"),
            ),
            migrations.AddIndex(
                model_name="visit",
                index=models.Index(fields=["-at", "id"], name="shop_visit_at_id_idx"),
            ),
            migrations.AddIndex(
                model_name="visit",
                index=models.Index(fields=["page"], name="shop_visit_page_path_idx"),
            ),
        ]
    "#);
    project.write(&paths[0], &text);
    said(&python(&project, &["manage.py", "migrate"]));
    insta::assert_snapshot!(said(&python(&project, &["-c", INDEXES, "shop.sqlite"])), @r"
    shop_visit_at_id_idx(at, id)
    shop_visit_guest_at_idx(guest, at)
    shop_visit_page_path_idx(page_path)
    ");
}

#[test]
fn django_makes_indexes_beside_writers_on_postgresql() {
    let project = Project::new(SHOP);
    project.write("settings.py", "DATABASES = {\"default\": {\"ENGINE\": \"django.db.backends.postgresql\"}}\n");
    project.write("seqscan.toml", "dialect = \"postgresql\"\n");
    let (text, _) = migrations(&project, &["--as", "django"]);
    insta::assert_snapshot!(text, @r#"
    # Put the same into `Meta.indexes` of the model, or the next `makemigrations` takes them away:
    #     models.Index(fields=["guest", "at"], name="shop_visit_guest_at_idx"),
    #     models.Index(fields=["-at", "id"], name="shop_visit_at_id_idx"),
    #     models.Index(fields=["page"], name="shop_visit_page_path_idx"),
    from django.contrib.postgres.operations import AddIndexConcurrently
    from django.db import migrations, models


    class Migration(migrations.Migration):
        atomic = False

        dependencies = [("shop", "0001_initial")]

        operations = [
            AddIndexConcurrently(
                model_name="visit",
                index=models.Index(fields=["guest", "at"], name="shop_visit_guest_at_idx"),
            ),
            AddIndexConcurrently(
                model_name="visit",
                index=models.Index(fields=["-at", "id"], name="shop_visit_at_id_idx"),
            ),
            AddIndexConcurrently(
                model_name="visit",
                index=models.Index(fields=["page"], name="shop_visit_page_path_idx"),
            ),
        ]
    "#);
    project.write("made.py", &text);
    said(&python(&project, &["-m", "py_compile", "made.py"]));
}

const MODELS: &str = "from sqlalchemy import DateTime, Integer, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Visit(Base):
    __tablename__ = \"visits\"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    page: Mapped[str] = mapped_column(String(200))
    at: Mapped[str] = mapped_column(DateTime)


def of_page(session: Session, page):
    return session.scalars(select(Visit).where(Visit.page == page)).all()


def newest(session: Session):
    return session.query(Visit).order_by(Visit.at.desc(), Visit.page).limit(10).all()
";

const REVISION: &str = "from alembic import op
import sqlalchemy as sa

revision = \"aaa111\"
down_revision = None


def upgrade():
    op.create_table(\"visits\", sa.Column(\"id\", sa.Integer, primary_key=True), sa.Column(\"page\", sa.String), sa.Column(\"at\", sa.DateTime))
";

/// Runs the first revision and what was made behind it, and back.
const UPGRADE: &str = "
import importlib.util, sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
def load(path):
    spec = importlib.util.spec_from_file_location('m', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
engine = sa.create_engine('sqlite:///visits.sqlite')
with engine.connect() as connection:
    context = MigrationContext.configure(connection)
    with Operations.context(context):
        first, made = load('versions/aaa111_first.py'), load('made.py')
        assert made.down_revision == first.revision, made.down_revision
        first.upgrade()
        made.upgrade()
        made.downgrade()
        made.upgrade()
    connection.commit()
";

#[test]
fn alembic_migrates() {
    let project = Project::new([("models.py", MODELS), ("versions/aaa111_first.py", REVISION)]);
    let (text, paths) = migrations(&project, &[]);
    assert_eq!(paths.len(), 1);
    insta::assert_snapshot!(text, @r#"
    """add visits indexes"""

    import sqlalchemy as sa
    from alembic import op

    revision = "b7603823946d"
    down_revision = "aaa111"
    branch_labels = None
    depends_on = None


    def upgrade() -> None:
        op.create_index("visits_at_page_idx", "visits", [sa.text("at DESC"), "page"])
        op.create_index("visits_page_idx", "visits", ["page"])


    def downgrade() -> None:
        op.drop_index("visits_at_page_idx", table_name="visits")
        op.drop_index("visits_page_idx", table_name="visits")
    "#);
    project.write("made.py", &text);
    said(&python(&project, &["-m", "py_compile", "made.py"]));
    if python(&project, &["-c", "import alembic"]).status.success() {
        said(&python(&project, &["-c", UPGRADE]));
        insta::assert_snapshot!(said(&python(&project, &["-c", INDEXES, "visits.sqlite"])), @r"
    visits_at_page_idx(at, page)
    visits_page_idx(page)
    ");
    } else {
        eprintln!("Alembic is not installed: tests/run installs it");
    }
}

/// Says what a migration does to a database that only listens.
const LISTEN: &str = "
const said = (name) => (...args) => console.log(name, JSON.stringify(args).replace(/\\\\\\\\/g, '\\\\'));
const table = { index: said('index'), dropIndex: said('dropIndex') };
const knex = { raw: said('raw'), schema: { alterTable: (name, build) => { console.log(name); build(table); } } };
const queryInterface = { addIndex: said('addIndex'), removeIndex: said('removeIndex') };
";

/// What Knex is told for a database, up and down.
fn of_knex(dialect: &str) -> String {
    let project = plain(dialect);
    project.write("made.js", migrations(&project, &["--as", "knex"]).0);
    let run = "const made = require('./made.js'); made.up(knex).then(() => made.down(knex)).then(() => console.log(made.config))";
    said(&node(&project, &format!("{LISTEN} {run}")))
}

#[test]
fn knex_runs_what_is_made() {
    insta::assert_snapshot!(of_knex("postgresql"), @r#"
    raw ["CREATE INDEX CONCURRENTLY users_lastseen_id_idx ON users (\"lastSeen\" DESC, id)"]
    raw ["CREATE INDEX CONCURRENTLY users_shop_id_lastseen_idx ON users (shop_id, \"lastSeen\")"]
    raw ["CREATE INDEX CONCURRENTLY users_token_idx ON users (token)"]
    raw ["DROP INDEX CONCURRENTLY users_lastseen_id_idx"]
    raw ["DROP INDEX CONCURRENTLY users_shop_id_lastseen_idx"]
    raw ["DROP INDEX CONCURRENTLY users_token_idx"]
    { transaction: false }
    "#);
    insta::assert_snapshot!(of_knex("mysql"), @r#"
    raw ["CREATE INDEX users_lastseen_id_idx ON users (`lastSeen` DESC, id)"]
    raw ["CREATE INDEX users_shop_id_lastseen_idx ON users (shop_id, `lastSeen`)"]
    raw ["CREATE INDEX users_token_idx ON users (token)"]
    raw ["DROP INDEX users_lastseen_id_idx ON users"]
    raw ["DROP INDEX users_shop_id_lastseen_idx ON users"]
    raw ["DROP INDEX users_token_idx ON users"]
    undefined
    "#);
}

#[test]
fn sequelize_runs_what_is_made() {
    let project = plain("postgresql");
    project.write("made.js", migrations(&project, &["--as", "sequelize"]).0);
    let run = format!(
        "{LISTEN} const made = require('./made.js'); made.up(queryInterface).then(() => made.down(queryInterface))"
    );
    insta::assert_snapshot!(said(&node(&project, &run)), @r#"
    addIndex ["users",{"fields":[{"name":"lastSeen","order":"DESC"},"id"],"name":"users_lastseen_id_idx","concurrently":true}]
    addIndex ["users",{"fields":["shop_id","lastSeen"],"name":"users_shop_id_lastseen_idx","concurrently":true}]
    addIndex ["users",{"fields":["token"],"name":"users_token_idx","concurrently":true}]
    removeIndex ["users","users_lastseen_id_idx",{"concurrently":true}]
    removeIndex ["users","users_shop_id_lastseen_idx",{"concurrently":true}]
    removeIndex ["users","users_token_idx",{"concurrently":true}]
    "#);
}

#[test]
fn typeorm_runs_what_is_made() {
    let project = plain("postgresql");
    let (text, paths) = migrations(&project, &["--as", "typeorm"]);
    assert_eq!(paths, ["migrations/1700000000000-AddUsersIndexes.ts"]);
    project.write("made.ts", text);
    let run = format!(
        "{LISTEN} const ts = require('typescript'); const text = require('fs').readFileSync('made.ts', 'utf8');
        const made = ts.transpileModule(text, {{ reportDiagnostics: true, compilerOptions: {{ module: 'commonjs', target: 'es2022' }} }});
        if (made.diagnostics.length) throw new Error(made.diagnostics[0].messageText);
        const module_ = {{ exports: {{}} }}; new Function('exports', 'require', made.outputText)(module_.exports, () => ({{}}));
        const [Made] = Object.values(module_.exports); const one = new Made(); const runner = {{ query: said('query') }};
        one.up(runner).then(() => one.down(runner)).then(() => console.log(Made.name, one.transaction))"
    );
    insta::assert_snapshot!(said(&node(&project, &run)), @r#"
    query ["CREATE INDEX CONCURRENTLY users_lastseen_id_idx ON users (\"lastSeen\" DESC, id)"]
    query ["CREATE INDEX CONCURRENTLY users_shop_id_lastseen_idx ON users (shop_id, \"lastSeen\")"]
    query ["CREATE INDEX CONCURRENTLY users_token_idx ON users (token)"]
    query ["DROP INDEX CONCURRENTLY users_lastseen_id_idx"]
    query ["DROP INDEX CONCURRENTLY users_shop_id_lastseen_idx"]
    query ["DROP INDEX CONCURRENTLY users_token_idx"]
    AddUsersIndexes1700000000000 false
    "#);
}

/// The statements of SQL, Prisma and Drizzle are what the databases take.
#[test]
#[cfg(unix)]
fn engines_run_what_is_made() {
    for (kind, dialect) in [(Kind::MariaDb, "mysql"), (Kind::PostgreSql, "postgresql"), (Kind::Sqlite, "sqlite")] {
        let Some(engine) = Engine::start_or_say(kind) else { continue };
        for tool in ["sql", "prisma", "drizzle"] {
            let database = engine.database().unwrap();
            database.run(&in_dialect(SCHEMA, dialect)).unwrap();
            let (text, paths) = migrations(&plain(dialect), &["--as", tool]);
            let is_alone = tool == "prisma" && dialect == "postgresql";
            assert_eq!(paths.len(), if is_alone { 3 } else { 1 }, "{tool}: {paths:?}");
            for statement in text.lines().filter(|line| !line.starts_with("--")) {
                assert_eq!(
                    statement.contains("CONCURRENTLY"),
                    dialect == "postgresql" && tool != "drizzle",
                    "{statement}"
                );
                database.run(statement).unwrap_or_else(|problem| panic!("{dialect}: {tool}: {problem}: {statement}"));
            }
        }
    }
}
