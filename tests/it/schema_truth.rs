//! What is said of keys and indexes is what the database has when the migrations have run: table by table, index by index.

use std::collections::BTreeSet;
use std::process::Command;

#[cfg(unix)]
use crate::engines::{Engine, Kind};
use crate::project::{Project, repository};

/// The keys and indexes that are seen: `table: unique (a, b)`.
fn seen(project: &Project) -> BTreeSet<String> {
    let output = project.run(&["schema", "--output-format", "json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut all = BTreeSet::new();
    for table in found["tables"].as_array().unwrap() {
        for index in table["indexes"].as_array().unwrap() {
            let kind = match index["kind"].as_str().unwrap() {
                "primary key" => "primary",
                kind if kind.starts_with("unique") => "unique",
                _ => "index",
            };
            // Direction and operators are asked of the engine elsewhere.
            let column = |part: &serde_json::Value| {
                let part = part.as_str().unwrap();
                part.split(' ').next().unwrap().to_owned()
            };
            let columns: Vec<String> = index["parts"].as_array().unwrap().iter().map(column).collect();
            let partial = if index["predicate"].is_null() { "" } else { " of some" };
            all.insert(format!("{}: {kind} ({}){partial}", table["name"].as_str().unwrap(), columns.join(", ")));
        }
    }
    all
}

fn compare(seen: &BTreeSet<String>, truth: &BTreeSet<String>) {
    let missed: Vec<_> = truth.difference(seen).collect();
    let wrong: Vec<_> = seen.difference(truth).collect();
    assert!(missed.is_empty() && wrong.is_empty(), "missed {missed:#?}, wrong {wrong:#?}");
}

const MODELS: &str = "from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import CharField as Short


class UpperField(Short):
    def to_python(self, value):
        return super().to_python(value).upper()


class AddressField(models.SlugField):
    def get_internal_type(self):
        return \"SlugField\"


class MarkedField(models.CharField):
    def __init__(self, *args, **kwargs):
        kwargs[\"max_length\"] = 9
        super().__init__(*args, **kwargs)


class Reader(AbstractUser):
    rank = UpperField(max_length=9, unique=True)
    address = AddressField()
    mark = MarkedField()


class Loan(models.Model):
    of = models.ManyToManyField(settings.AUTH_USER_MODEL)


class Dated(models.Model):
    made = models.DateTimeField(db_index=True)
    code = models.CharField(max_length=9)

    class Meta:
        abstract = True
        unique_together = [(\"code\", \"made\")]


class Tag(models.Model):
    name = models.SlugField(unique=True)
    like = models.ManyToManyField(\"self\")


class Place(models.Model):
    name = models.CharField(max_length=80)


class Open(Place):
    hours = models.CharField(max_length=80)

    class Meta:
        abstract = True


class Shop(Open):
    tags = models.ManyToManyField(Tag, db_table=\"labels\")


class Book(Dated):
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE)
    next = models.OneToOneField(\"self\", null=True, on_delete=models.CASCADE)
    state = models.CharField(max_length=1, db_column=\"s\", db_index=True)
    tags = models.ManyToManyField(\"shop.Tag\", related_name=\"books\")
    sales = models.ManyToManyField(Shop, through=\"Sale\", related_name=\"sold\")

    class Meta(Dated.Meta):
        db_table = \"books\"
        indexes = [models.Index(fields=[\"shop\", \"-made\"], name=\"by_shop\")]
        constraints = [models.UniqueConstraint(fields=[\"shop\", \"state\"], name=\"one_each\")]


class Sale(models.Model):
    id = models.UUIDField(primary_key=True)
    book = models.ForeignKey(Book, on_delete=models.CASCADE)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, db_index=False)


class Options:
    unique_together = [(\"code\", \"made\")]


class Later(Dated):
    class Meta:
        ordering = [\"made\"]


class Latest(Dated):
    class Meta(Options):
        ordering = [\"made\"]
";

const SETTINGS: &str =
    "DATABASES = {\"default\": {\"ENGINE\": \"django.db.backends.sqlite3\", \"NAME\": \"shop.sqlite\"}}
AUTH_USER_MODEL = \"shop.Reader\"
INSTALLED_APPS = [\"django.contrib.auth\", \"django.contrib.contenttypes\", \"shop\"]
DEFAULT_AUTO_FIELD = \"django.db.models.BigAutoField\"
SECRET_KEY = \"a\"
";

/// Makes and runs the migrations, and tells all keys and indexes of the tables of the application.
const TELL: &str = "
import os, sqlite3
os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'
import django
django.setup()
from django.core.management import call_command
call_command('makemigrations', 'shop', verbosity=0)
call_command('migrate', verbosity=0)
base = sqlite3.connect('shop.sqlite')
for table, in base.execute(\"select name from sqlite_master where type = 'table'\").fetchall():
    if table.startswith(('auth_', 'django_', 'sqlite_')):
        continue
    keys = sorted((row[5], row[1]) for row in base.execute(f'pragma table_info(\"{table}\")') if row[5])
    print(f'{table}: primary (' + ', '.join(name for _, name in keys) + ')')
    for _, name, unique, origin, partial in base.execute(f'pragma index_list(\"{table}\")').fetchall():
        columns = [row[2] for row in base.execute(f'pragma index_info(\"{name}\")')]
        if origin != 'pk':
            print(f'{table}: ' + ('unique' if unique else 'index') + ' (' + ', '.join(columns) + ')' + (' of some' if partial else ''))
";

#[test]
fn django_makes_what_is_seen() {
    let python = repository().join("target/venv/bin/python");
    assert!(python.is_file(), "run tests/run once: it installs the ORMs");
    let files = [("shop/__init__.py", ""), ("shop/models.py", MODELS), ("settings.py", SETTINGS)];
    let project = Project::new(files);
    let before = seen(&project);
    let output = Command::new(python).args(["-B", "-c", TELL]).current_dir(project.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let truth: BTreeSet<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert!(truth.len() > 25, "{truth:#?}");
    compare(&before, &truth);
    // With the migrations beside the models it is the same.
    compare(&seen(&project), &truth);
}

const SHOP: &str = "from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Shop(Base):
    __tablename__ = \"shops\"

    id = Column(Integer, primary_key=True)
    name = Column(String(80))
    town = Column(String(80))
";

/// Revisions whose names say nothing of their order. Most of their tables have no model.
const REVISIONS: [(&str, &str); 3] = [
    (
        "versions/zz_first.py",
        "import sqlalchemy as sa
from alembic import op

revision = \"a1\"
down_revision = None


def upgrade():
    op.create_table(
        \"shops\",
        sa.Column(\"id\", sa.Integer(), primary_key=True),
        sa.Column(\"name\", sa.String(80)),
        sa.Column(\"town\", sa.String(80)),
    )
    op.create_index(\"ix_shops_town\", \"shops\", [\"town\"])
    op.create_table(
        \"past\",
        sa.Column(\"id\", sa.Integer(), nullable=False),
        sa.Column(\"shop_id\", sa.Integer(), sa.ForeignKey(\"shops.id\")),
        sa.Column(\"code\", sa.String(9)),
        sa.PrimaryKeyConstraint(\"id\"),
        sa.UniqueConstraint(\"code\", name=\"one_code\"),
    )
    op.create_index(op.f(\"ix_past_shop\"), \"past\", [\"shop_id\"])
    op.create_table(\"gone\", sa.Column(\"id\", sa.Integer(), primary_key=True), sa.Column(\"a\", sa.Integer(), unique=True))


def downgrade():
    op.drop_table(\"past\")
    op.drop_table(\"shops\")
",
    ),
    (
        "versions/aa_second.py",
        "from alembic import op

revision: str = \"b2\"
down_revision: str = \"a1\"


def upgrade():
    op.drop_index(op.f(\"ix_shops_town\"), table_name=\"shops\")
    op.rename_table(\"past\", \"history\")
    op.drop_table(\"gone\")


def downgrade():
    op.rename_table(\"history\", \"past\")
    op.drop_index(\"one_code\")
",
    ),
    (
        "versions/mm_third.py",
        "from alembic import op

revision = \"c3\"
down_revision = (\"b2\",)


def upgrade():
    op.create_index(\"ix_shops_town\", \"shops\", [\"town\", \"name\"], unique=True)
    op.execute(\"DROP INDEX ix_past_shop\")
    op.create_index(\"ix_history_shop\", \"history\", [\"shop_id\", \"code\"])


def downgrade():
    op.drop_index(\"ix_history_shop\")
",
    ),
];

const UPGRADE: &str = "
from alembic import command
from alembic.config import Config
config = Config()
config.set_main_option('script_location', '.')
command.upgrade(config, 'heads')
";

const ENVIRONMENT: &str = "from alembic import context
from sqlalchemy import create_engine

with create_engine(\"sqlite:///shop.sqlite\").connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
";

#[test]
fn alembic_makes_what_is_seen() {
    let python = repository().join("target/venv/bin/python");
    assert!(python.is_file(), "run tests/run once: it installs the ORMs");
    let files = [("models.py", SHOP), ("env.py", ENVIRONMENT), ("script.py.mako", "")];
    let project = Project::new(files.into_iter().chain(REVISIONS));
    let before = seen(&project);
    let tell = format!("{UPGRADE}\nimport sqlite3\n{}", &TELL[TELL.find("base = ").unwrap()..]);
    let output = Command::new(python).args(["-B", "-c", &tell]).current_dir(project.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let truth = String::from_utf8(output.stdout).unwrap();
    let truth = truth.lines().filter(|index| !index.starts_with("alembic_version")).map(str::to_owned);
    compare(&before, &truth.collect());
}

/// Migrations one after the other: what is made is renamed, changed and dropped.
const MIGRATIONS: [(&str, &str); 4] = [
    (
        "migrations/001_first.sql",
        "CREATE TABLE shops (id bigserial PRIMARY KEY, name text NOT NULL UNIQUE, city text);
CREATE TABLE books (id bigserial, shop_id bigint REFERENCES shops, isbn varchar(13), made timestamptz, gone boolean, PRIMARY KEY (id));
CREATE INDEX books_shop ON books (shop_id, made DESC);
CREATE UNIQUE INDEX books_isbn ON books (isbn) WHERE NOT gone;
CREATE INDEX shops_city ON shops (lower(city));
",
    ),
    (
        "migrations/002_names.sql",
        "ALTER TABLE books RENAME COLUMN isbn TO ean;
ALTER TABLE shops RENAME TO stores;
ALTER INDEX books_shop RENAME TO books_store;
ALTER TABLE books ADD COLUMN code text;
ALTER TABLE books ADD CONSTRAINT books_code UNIQUE (code, shop_id);
",
    ),
    (
        "migrations/003_tags.sql",
        "CREATE TABLE tags (book_id bigint REFERENCES books ON DELETE CASCADE, tag text, PRIMARY KEY (book_id, tag));
CREATE INDEX CONCURRENTLY tags_tag ON tags USING hash (tag);
CREATE INDEX IF NOT EXISTS tags_tag ON tags (tag);
CREATE TABLE gone (id int PRIMARY KEY, a int UNIQUE);
",
    ),
    (
        "migrations/004_less.sql",
        "DROP TABLE gone;
DROP INDEX shops_city;
ALTER TABLE stores DROP CONSTRAINT shops_name_key;
ALTER TABLE stores DROP COLUMN city;
ALTER TABLE books DROP COLUMN gone;
CREATE INDEX books_made ON books (made) INCLUDE (code);
",
    ),
];

/// All keys and indexes of a PostgreSQL database.
const OF_POSTGRESQL: &str = "SELECT t.relname || ': ' || CASE WHEN i.indisprimary THEN 'primary' WHEN i.indisunique THEN 'unique' ELSE 'index' END
|| ' (' || (SELECT string_agg(pg_get_indexdef(i.indexrelid, k, true), ', ' ORDER BY k) FROM generate_series(1, i.indnkeyatts) k) || ')'
|| CASE WHEN i.indpred IS NULL THEN '' ELSE ' of some' END
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = 'public';";

#[test]
#[cfg(unix)]
fn postgresql_has_what_is_seen() {
    let Some(engine) = Engine::start_or_say(Kind::PostgreSql) else { return };
    let database = engine.database().unwrap();
    for (_, text) in MIGRATIONS {
        // What is made beside writers is made alone.
        for statement in text.split_inclusive(";\n") {
            database.run(statement).unwrap();
        }
    }
    let truth: BTreeSet<String> = database.rows(OF_POSTGRESQL).unwrap().into_iter().collect();
    let truth: BTreeSet<String> = truth.into_iter().filter(|index| !index.starts_with("numbers")).collect();
    let project = Project::new(MIGRATIONS);
    project.write("seqscan.toml", "dialect = \"postgresql\"\n");
    compare(&seen(&project), &truth);
}
