//! What each source of a schema says, as `seqscan schema` prints it.

use crate::project::Project;

/// The schema of these files, without the blanks that align it.
fn schema(files: &[(&str, &str)]) -> Vec<String> {
    let project = Project::new(files.iter().copied());
    let output = project.run(&["schema"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect()
}

#[test]
fn django_models() {
    let text = r#"
from django.db import models


class Dated(models.Model):
    created = models.DateTimeField(db_index=True)

    class Meta:
        abstract = True


class Author(models.Model):
    slug = models.SlugField()


class Book(Dated):
    title = models.CharField(max_length=200)
    isbn = models.CharField(max_length=13, unique=True, db_column="isbn13")
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    state = models.CharField(max_length=1, choices=STATES)

    class Meta:
        indexes = [models.Index(fields=["author", "-created"])]
        unique_together = ("title", "author")
"#;
    assert_eq!(
        schema(&[("shop/models.py", text)]),
        [
            "shop_author shop/models.py:12",
            "slug text not null",
            "id bigint not null",
            "index (slug)",
            "primary key (id)",
            "shop_book shop/models.py:16",
            "created timestamp not null",
            "title text not null",
            "isbn13 text not null",
            "author_id not null",
            "state enum(…) not null",
            "id bigint not null",
            "index (created)",
            "unique (isbn13)",
            "index (author_id)",
            "primary key (id)",
            "unique (title, author_id)",
            "index (author_id, created desc)",
            "foreign key (author_id)",
        ]
    );
}

#[test]
fn django_models_of_libraries_and_fields_of_projects() {
    let text = r#"
from django.db import models
from phonenumber_field.modelfields import PhoneNumberField
from treebeard.mp_tree import MP_Node


class CodeField(models.CharField):
    def to_python(self, value):
        return value.upper()


class KeyedField(models.CharField):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("db_index", True)
        super().__init__(*args, **kwargs)


class Shelf(MP_Node):
    name = models.CharField(max_length=80)
    code = CodeField(max_length=9, unique=True)
    phone = PhoneNumberField(db_index=True)
    key = KeyedField()
"#;
    let settings = ("seqscan.toml", "dialect = \"postgresql\"\n");
    assert_eq!(
        schema(&[("shop/models.py", text), settings]),
        [
            "shop_shelf shop/models.py:18",
            "path text",
            "depth number",
            "numchild number",
            "name text not null",
            "code text not null",
            "phone text not null",
            "key not null",
            "id bigint not null",
            "unique (path)",
            "index (path varchar_pattern_ops)",
            "unique (code)",
            "index (code varchar_pattern_ops)",
            "index (phone)",
            "index (phone varchar_pattern_ops)",
            "other index (key)",
            "primary key (id)",
        ]
    );
}

#[test]
fn sqlalchemy_tables_that_the_class_does_not_name() {
    let flask = r#"
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Kept(db.Model):
    __abstract__ = True
    id = db.Column(db.Integer, primary_key=True)


class OrderLine(Kept):
    note = db.Column(db.String)


class HTTPCall(db.Model):
    key = db.Column(db.Integer, primary_key=True)
    line_id = db.Column(db.Integer, db.ForeignKey("order_line.id"))


class SlowHTTPCall(HTTPCall):
    seconds = db.Column(db.Integer)
"#;
    assert_eq!(
        schema(&[("app/models.py", flask)]),
        [
            "order_line app/models.py:12",
            "note text",
            "id integer not null",
            "primary key (id)",
            "http_call app/models.py:16",
            "key integer not null",
            "line_id integer",
            "primary key (key)",
            "foreign key (line_id) → order_line (id)",
        ]
    );
    let declared = r#"
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column


class Base(DeclarativeBase):
    @declared_attr.directive
    def __tablename__(cls) -> str:
        return cls.__name__.lower()

    id: Mapped[int] = mapped_column(primary_key=True)


class WorkPool(Base):
    name: Mapped[str] = mapped_column(unique=True)


class Other(DeclarativeBase):
    @declared_attr.directive
    def __tablename__(cls) -> str:
        return plural(cls.__name__)


class Untold(Other):
    id: Mapped[int] = mapped_column(primary_key=True)
"#;
    assert_eq!(
        schema(&[("app/models.py", declared)]),
        ["workpool app/models.py:14", "name", "id not null", "unique (name)", "primary key (id)"]
    );
}

#[test]
fn sqlalchemy_models_and_alembic() {
    let models = r#"
from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String, unique=True)
    name: Mapped[str]
    team_id = Column("team", Integer, ForeignKey("teams.id"), index=True)
    team = relationship("Team")
    __table_args__ = (UniqueConstraint("name", "team_id"), Index("by_name", name), {"schema": None})


links = Table("links", metadata, Column("a", Integer, primary_key=True), Column("b", Integer), Index("by_b", "b"))
"#;
    let migration = r#"
from alembic import op


def upgrade():
    op.create_index("by_team", "users", ["team", "name"])


def downgrade():
    op.create_index("gone", "users", ["name"])
"#;
    assert_eq!(
        schema(&[("app/models.py", models), ("alembic/versions/1_a.py", migration)]),
        [
            "users app/models.py:10",
            "id not null",
            "email text",
            "name",
            "team integer",
            "primary key (id)",
            "unique (email)",
            "index ix_users_team (team)",
            "unique (name, team)",
            "index (team, name) alembic/versions/1_a.py:6",
            "foreign key (team) → teams (id)",
            "it may have more columns and indexes",
            "links app/models.py:20",
            "a integer not null",
            "b integer",
            "primary key (a)",
            "index by_b (b)",
        ]
    );
}

#[test]
fn indexes_by_keywords() {
    let python = r#"
def register(updates):
    updates.register_background_index("later", index_name="by_room", table="events", columns=["room"])
"#;
    let sql = "CREATE TABLE events (id bigint PRIMARY KEY, room text);";
    assert_eq!(
        schema(&[("store.py", python), ("schema/full.sql.postgres", sql)]),
        [
            "events postgresql, schema/full.sql.postgres:1",
            "id bigint not null",
            "room text",
            "primary key (id)",
            "index (room) store.py:3",
        ]
    );
}

#[test]
fn prisma_models() {
    let text = "datasource db {\n  provider = \"postgresql\"\n}\nmodel User {\n  id Int @id\n  mail String @unique\n  teamId Int? @map(\"team_id\")\n  team Team? @relation(fields: [teamId], references: [id])\n\n  @@index([teamId])\n  @@map(\"users\")\n}\n";
    assert_eq!(
        schema(&[("prisma/schema.prisma", text)]),
        [
            "users postgresql, prisma/schema.prisma:4",
            "id integer not null",
            "mail text not null",
            "team_id integer",
            "primary key (id)",
            "unique (mail)",
            "index users_team_id_idx (team_id)",
            "foreign key (team_id) → Team",
        ]
    );
}

#[test]
fn drizzle_tables() {
    let text = r#"
import { index, integer, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";

export const users = pgTable("users", {
  id: integer("id").primaryKey(),
  email: text("email").notNull().unique(),
  teamId: integer("team_id").references(() => teams.id),
  name: text(),
}, (table) => [index("by_team").on(table.teamId, table.name.desc()), uniqueIndex("one").on(table.name)]);
"#;
    assert_eq!(
        schema(&[("db/schema.ts", text)]),
        [
            "users postgresql, db/schema.ts:4",
            "id number not null",
            "email text not null",
            "team_id number",
            "name text",
            "primary key (id)",
            "unique (email)",
            "index (team_id, name desc)",
            "unique (name)",
            "foreign key (team_id)",
        ]
    );
}

#[test]
fn knex_migrations() {
    let first = r#"
exports.up = function (knex) {
  return knex.schema.createTable("users", (table) => {
    table.increments();
    table.string("email").notNullable().unique();
    table.integer("team").references("id").inTable("teams");
    table.boolean("active");
    table.index(["team", "active"]);
    table.timestamps();
  });
};
"#;
    let second = r#"
exports.up = async function up(knex) {
  await knex.schema.alterTable("users", (table) => {
    table.string("name").index();
    table.dropColumn("active");
  });
};
"#;
    assert_eq!(
        schema(&[("migrations/1_users.js", first), ("migrations/2_name.js", second)]),
        [
            "users migrations/1_users.js:3",
            "id bigint not null",
            "email text",
            "team number",
            "created_at timestamp",
            "updated_at timestamp",
            "name text",
            "primary key (id)",
            "unique users_email_unique (email)",
            "index users_name_index (name) migrations/2_name.js:4",
            "foreign key (team) → teams",
        ]
    );
}

#[test]
fn knex_migrations_take_back() {
    let first = r#"
exports.up = async (knex) => {
  await knex.schema.createTable("files", (table) => {
    table.bigInteger("id").primary();
    table.increments("rank", { primaryKey: false });
    table.integer("total").index();
    table.text("code").unique();
    table.text("kind").index("by_kind");
    table.unique(["kind", "code"], { indexName: "one_each" });
    table.index(["total", "kind"]);
  });
};
"#;
    let second = r#"
exports.up = async (knex) => {
  await knex.schema.alterTable("files", (table) => {
    table.dropPrimary();
    table.dropIndex("total");
    table.dropUnique(["kind", "code"], "one_each");
    table.dropIndex([], "by_kind");
    table.text("id").primary().alter();
  });
  if (await knex.schema.hasColumn("files", "code")) {
    await knex.schema.alterTable("files", (table) => {
      table.dropUnique("code");
    });
  }
};

exports.down = async (knex) => {
  await knex.schema.alterTable("files", (table) => {
    table.dropIndex(["total", "kind"]);
  });
};
"#;
    assert_eq!(
        schema(&[("migrations/1_files.js", first), ("migrations/2_less.js", second)]),
        [
            "files migrations/1_files.js:3",
            "id number not null",
            "rank bigint",
            "total number",
            "code text",
            "kind text",
            "unique files_code_unique (code)",
            "index files_total_kind_index (total, kind)",
            "primary key (id) migrations/2_less.js:8",
        ]
    );
}

#[test]
fn sequelize_migrations() {
    let text = r#"
module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.createTable("users", {
      id: { type: Sequelize.UUID, primaryKey: true },
      email: { type: Sequelize.STRING, unique: true },
      teamId: { type: Sequelize.UUID, references: { model: "teams" } },
    });
    await queryInterface.addColumn("users", "name", { type: Sequelize.STRING });
    await queryInterface.addIndex("users", ["name"]);
    await queryInterface.addConstraint("users", { fields: ["teamId", "name"], type: "unique" });
  },
};
"#;
    assert_eq!(
        schema(&[("migrations/1.js", text)]),
        [
            "users migrations/1.js:4",
            "id uuid",
            "email text",
            "teamId uuid",
            "name text",
            "primary key (id)",
            "unique (email)",
            "index (name)",
            "unique (teamId, name)",
            "foreign key (teamId) → teams",
        ]
    );
}

#[test]
fn sequelize_migrations_take_back_and_rename() {
    let first = r#"
module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.createTable("readers", {
      id: { type: Sequelize.UUID, primaryKey: true },
      teamId: { type: Sequelize.UUID, references: { model: "teams" } },
      bookId: { type: Sequelize.UUID, references: { model: "books" } },
      nick: { type: Sequelize.STRING },
    });
    await queryInterface.addIndex("readers", ["bookId"]);
  },
  async down(queryInterface) {
    await queryInterface.dropTable("readers");
  },
};
"#;
    let second = r#"
module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.renameTable("readers", "members");
    await queryInterface.renameColumn("members", "nick", "name");
    await queryInterface.removeColumn("members", "bookId");
    await queryInterface.removeConstraint("members", "members_teamId_fkey");
    await queryInterface.addConstraint("members", {
      fields: ["teamId"],
      type: "foreign key",
      name: "members_team",
      references: { table: "teams", field: "id" },
      onDelete: "cascade",
    });
    await queryInterface.addColumn("members", "ownerId", {
      type: Sequelize.UUID,
      references: { model: "users" },
      onDelete: "set null",
    });
    if (process.env.CLEAN) {
      await queryInterface.removeColumn("members", "name");
    }
  },
};
"#;
    assert_eq!(
        schema(&[("migrations/1.js", first), ("migrations/2.js", second)]),
        [
            "members migrations/1.js:4",
            "id uuid",
            "teamId uuid",
            "name text",
            "ownerId uuid",
            "primary key (id)",
            "foreign key (teamId) → teams",
            "foreign key (ownerId) → users",
        ]
    );
}

#[test]
fn sequelize_models() {
    let models = r#"
const { DataTypes, Model, Sequelize } = require("sequelize");
const sequelize = new Sequelize("postgres://localhost/shop", { define: { underscored: true } });

const Author = sequelize.define("author", {
  name: { type: DataTypes.STRING, allowNull: false, unique: true },
  label: { type: DataTypes.VIRTUAL },
}, { timestamps: false });

class Book extends Model {}
Book.init({
  isbn: { type: DataTypes.STRING, primaryKey: true },
  title: DataTypes.STRING,
  shelfMark: { type: DataTypes.STRING, unique: "place" },
  shelfRoom: { type: DataTypes.STRING, unique: "place" },
  authorId: { type: DataTypes.INTEGER, references: { model: "authors", key: "id" }, onDelete: "CASCADE" },
}, {
  sequelize,
  tableName: "volumes",
  paranoid: true,
  indexes: [
    { fields: ["title", { name: "authorId", order: "DESC" }] },
    { fields: ["shelf_room"], where: { title: null } },
  ],
});
Book.belongsTo(Author, { as: "editor", foreignKey: "editorId", onDelete: "CASCADE" });
Book.belongsTo(Author, { as: "reader", foreignKey: "readerId", constraints: false });

// Of which nobody knows what it is called.
sequelize.define("status", { name: DataTypes.STRING });
// Something else that defines.
other.define("shelf", { name: "a shelf" });
"#;
    assert_eq!(
        schema(&[("models.js", models)]),
        [
            "authors models.js:5",
            "name text not null",
            "id number not null",
            "unique (name)",
            "primary key (id)",
            "it may have more columns",
            "volumes models.js:10",
            "isbn text not null",
            "title text",
            "shelf_mark text",
            "shelf_room text",
            "author_id number",
            "created_at timestamp",
            "updated_at timestamp",
            "deleted_at timestamp",
            "editor_id",
            "primary key (isbn)",
            "unique (shelf_mark, shelf_room)",
            "index (title, author_id desc)",
            "other index (shelf_room)",
            "foreign key (author_id) → authors",
            "foreign key (editor_id) → authors",
            "it may have more columns",
        ]
    );
}

#[test]
fn sequelize_decorators() {
    let base = r#"
import { Column, CreatedAt, DataType, Model, PrimaryKey } from "sequelize-typescript";

class Base extends Model {
  @PrimaryKey
  @Column(DataType.UUID)
  id: string;

  @CreatedAt
  createdAt: Date;
}

export default Base;
"#;
    let models = r#"
import { AllowNull, BelongsTo, Column, DataType, ForeignKey, Index, Table, Unique } from "sequelize-typescript";
import Base from "./base";

@Table({ tableName: "teams" })
export class Team extends Base {
  @Unique
  @Column
  name: string;
}

@Table({ tableName: "books", indexes: [{ fields: ["teamId", "title"] }] })
export class Book extends Base {
  @Index
  @AllowNull(false)
  @Column({ type: DataType.STRING, field: "full_title" })
  title: string;

  @Column(DataType.VIRTUAL)
  label: string;

  @BelongsTo(() => Team, { foreignKey: "teamId", onDelete: "CASCADE" })
  team: Team;

  @ForeignKey(() => Team)
  @Column(DataType.UUID)
  teamId: string;

  // No association makes it a key of the database.
  @ForeignKey(() => Book)
  @Column(DataType.UUID)
  nextId: string;
}
"#;
    assert_eq!(
        schema(&[("models/base.ts", base), ("models/index.ts", models)]),
        [
            "teams models/index.ts:6",
            "name",
            "id uuid not null",
            "createdAt timestamp",
            "updatedAt timestamp",
            "unique (name)",
            "primary key (id)",
            "it may have more columns",
            "books models/index.ts:13",
            "full_title text not null",
            "teamId uuid",
            "nextId uuid",
            "id uuid not null",
            "createdAt timestamp",
            "updatedAt timestamp",
            "index (full_title)",
            "primary key (id)",
            "index (teamId, full_title)",
            "foreign key (teamId) → teams",
            "it may have more columns",
        ]
    );
}

#[test]
fn typeorm_entities() {
    let text = r#"
import { Column, Entity, Index, ManyToOne, JoinColumn, PrimaryGeneratedColumn, Unique } from "typeorm";

@Entity("users")
@Index(["team", "name"])
@Unique(["name"])
export class User {
  @PrimaryGeneratedColumn()
  id: number;

  @Index()
  @Column({ name: "full_name", type: "text" })
  name: string;

  @ManyToOne(() => Team)
  @JoinColumn({ name: "team_id" })
  team: Team;
}
"#;
    assert_eq!(
        schema(&[("src/user.entity.ts", text)]),
        [
            "users src/user.entity.ts:7",
            "id",
            "full_name",
            "team_id",
            "primary key (id)",
            "index (full_name)",
            "index (team_id, full_name)",
            "unique (full_name)",
            "foreign key (team_id)",
        ]
    );
}

#[test]
fn a_migration_that_is_not_read_makes_its_tables_unsure() {
    let text = r#"
const INDEXES = [["by_name", "ON users (name)"]];

exports.up = async (db) => {
  for (const [name, rest] of INDEXES) await db.query(`CREATE INDEX ${name} ${rest}`);
};
"#;
    let sql = "CREATE TABLE users (id int, name text);\nCREATE TABLE teams (id int);";
    assert_eq!(
        schema(&[("db/schema.sql", sql), ("db/migrations/1.js", text)]),
        ["users db/schema.sql:1", "id int", "name text", "it may have more indexes", "teams db/schema.sql:2", "id int",]
    );
}

#[test]
fn the_schema_as_statements() {
    let text = "CREATE TABLE app.\"Order\" (id bigserial PRIMARY KEY, \"shopId\" bigint NOT NULL REFERENCES shops (id) ON DELETE CASCADE, at timestamptz DEFAULT now());
CREATE INDEX by_shop ON app.\"Order\" (\"shopId\", at DESC) INCLUDE (id) WHERE at IS NOT NULL;
CREATE UNIQUE INDEX ON app.\"Order\" (lower(at::text));";
    let project = Project::new([("schema.sql", text)]);
    let output = project.run(&["schema", "--output-format", "sql"]);
    let told = String::from_utf8(output.stdout).unwrap();
    let again = Project::new([("schema.sql", &told)]);
    let lines = |project: &Project| -> Vec<String> {
        let text = String::from_utf8(project.run(&["schema"]).stdout).unwrap();
        // The first line tells the place.
        text.lines().skip(1).map(str::to_owned).collect()
    };
    assert_eq!(lines(&again), lines(&project), "{told}");
    assert!(told.contains("CREATE INDEX by_shop ON app.\"Order\" (\"shopId\", at DESC) INCLUDE (id) WHERE"), "{told}");
}

#[test]
fn models_and_migrations_that_differ() {
    let models = "datasource db {\n  provider = \"postgresql\"\n}\nmodel Parcel {\n  id Int @id\n  shop Int\n  label String\n  note String?\n\n  @@index([shop])\n  @@unique([label])\n}\n";
    let first = "CREATE TABLE \"Parcel\" (\"id\" INTEGER NOT NULL, \"shop\" INTEGER NOT NULL, \"label\" TEXT NOT NULL, \"old\" TEXT, CONSTRAINT \"p\" PRIMARY KEY (\"id\"));\nCREATE UNIQUE INDEX \"u\" ON \"Parcel\" (\"label\");\nCREATE INDEX \"i\" ON \"Parcel\" (\"old\", \"id\");\n";
    let project = Project::new([("prisma/schema.prisma", models), ("prisma/migrations/1_a/migration.sql", first)]);
    let told = String::from_utf8(project.run(&["schema", "--drift"]).stdout).unwrap();
    let lines: Vec<String> = told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "Parcel prisma/schema.prisma:4, prisma/migrations/1_a/migration.sql:1",
            "only in models: column note prisma/schema.prisma:8",
            "only in models: index Parcel_shop_idx (shop) prisma/schema.prisma:10",
            "only in migrations: column old prisma/migrations/1_a/migration.sql:1",
            "only in migrations: index i (old, id) prisma/migrations/1_a/migration.sql:3",
        ]
    );
    let told = String::from_utf8(project.run(&["schema", "--drift", "--output-format", "json"]).stdout).unwrap();
    assert!(told.contains("\"index Parcel_shop_idx (shop)\""), "{told}");
    // What a block of code does is not read.
    let block = "DO $$ BEGIN ALTER TABLE \"Parcel\" ADD COLUMN \"note\" TEXT; END $$;\n";
    project.write("prisma/migrations/2_b/migration.sql", block);
    assert_eq!(String::from_utf8(project.run(&["schema", "--drift"]).stdout).unwrap(), "no difference found\n");
    let same = Project::new([("prisma/schema.prisma", models)]);
    assert_eq!(String::from_utf8(same.run(&["schema", "--drift"]).stdout).unwrap(), "no difference found\n");
}

#[test]
fn models_and_revisions_of_alembic_that_differ() {
    let models = "import sqlalchemy as sa\nfrom sqlalchemy.orm import DeclarativeBase, mapped_column\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\nclass Parcel(Base):\n    __tablename__ = \"parcel\"\n\n    id = mapped_column(sa.Integer, primary_key=True)\n    label = mapped_column(sa.String, index=True)\n    note = mapped_column(sa.String)\n";
    let first = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"1\"\ndown_revision = None\n\n\ndef upgrade():\n    op.create_table(\"parcel\", sa.Column(\"id\", sa.Integer, primary_key=True), sa.Column(\"label\", sa.String))\n    op.create_index(\"ix_parcel_label\", \"parcel\", [\"label\"])\n";
    let second = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"2\"\ndown_revision = \"1\"\n\n\ndef upgrade():\n    with op.batch_alter_table(\"parcel\") as batch_op:\n        batch_op.add_column(sa.Column(\"note\", sa.String))\n        batch_op.create_index(\"ix_parcel_note\", [\"note\"])\n        batch_op.drop_index(\"ix_parcel_label\")\n";
    let project = Project::new([
        ("app/models.py", models),
        ("migrations/versions/b_first.py", first),
        ("migrations/versions/a_second.py", second),
    ]);
    let lines = |told: Vec<u8>| -> Vec<String> {
        let told = String::from_utf8(told).unwrap();
        told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(
        lines(project.run(&["schema", "--drift"]).stdout),
        [
            "parcel app/models.py:9, migrations/versions/b_first.py:9",
            "only in models: index ix_parcel_label (label) app/models.py:13",
            "only in migrations: index (note) migrations/versions/b_first.py:9",
        ]
    );
    let told = lines(project.run(&["schema"]).stdout);
    let dropped = "declared, but dropped: index ix_parcel_label (label) migrations/versions/a_second.py:12";
    assert!(told.iter().any(|line| line == dropped), "{told:?}");
    // Until all revisions are there, the models are believed.
    project.write("migrations/versions/a_second.py", "");
    let told = lines(project.run(&["schema"]).stdout);
    assert!(told.iter().any(|line| line == "index ix_parcel_label (label)"), "{told:?}");
}
