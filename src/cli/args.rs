//! The arguments.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::{FailOn, OutputFormat};
use crate::engine::Parse;
use crate::findings::Confidence;
use crate::project::schema::MigrationTool;

/// Finds slow database access before it ships.
///
/// Reads Python, JavaScript, TypeScript and SQL without running anything and without a database.
#[derive(Debug, Parser)]
#[command(name = "seqscan", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 could not run.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) check: CheckArguments,
}

/// The whole command, for documentation.
pub fn command_for_docs() -> clap::Command {
    Arguments::command()
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check files and folders (the default)
    Check(Box<CheckArguments>),
    /// Print the fewest indexes that serve what queries of the whole project look for, and those that may go
    Advise(AdviseArguments),
    /// Print the page of a rule: what it finds, why it costs, when to ignore it
    Explain {
        /// The rule; without one, all rules are listed
        rule: Option<String>,
        #[command(flatten)]
        color: ColorArguments,
    },
    /// List the rules
    Rules(RulesArguments),
    /// Print the tables, keys and indexes that a project defines, and where
    Schema(SchemaArguments),
    /// Write a seqscan.toml with every key explained
    Init {
        /// Replace one that exists
        #[arg(long)]
        force: bool,
    },
    /// Serve an editor over standard input and output, by the Language Server Protocol
    #[command(visible_alias = "server")]
    Lsp(ServerArguments),
    /// Print the manual page, or write those of all commands to a folder
    Man {
        /// The folder
        folder: Option<PathBuf>,
    },
    /// Print a script that completes the command line in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// What clients of language servers add to the command; there is no other way than this one.
#[derive(Debug, Args)]
pub(super) struct ServerArguments {
    /// Use standard input and output, as always
    #[arg(long)]
    stdio: bool,
    /// The process of the editor
    #[arg(long = "clientProcessId", hide = true)]
    client_process: Option<u32>,
}

/// The project that a command tells something of.
#[derive(Debug, Args)]
pub(super) struct ProjectArguments {
    /// Files or folders of the project [default: .]
    pub(super) paths: Vec<PathBuf>,
    /// A configuration file, or one of its keys
    #[arg(long, value_name = "FILE|KEY=VALUE")]
    pub(super) config: Vec<String>,
    /// Read no configuration file
    #[arg(long)]
    pub(super) isolated: bool,
    #[command(flatten)]
    pub(super) color: ColorArguments,
}

#[derive(Debug, Args)]
pub(super) struct RulesArguments {
    /// Print instead the functions of the project that run the SQL they are given, as the `[[call]]` entries that
    /// would declare them
    #[arg(long)]
    pub(super) inferred: bool,
    /// How they are written
    #[arg(long, value_enum, default_value_t)]
    pub(super) output_format: ListFormat,
    #[command(flatten)]
    pub(super) project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(super) struct AdviseArguments {
    /// Only these tables
    #[arg(short, long, value_name = "NAME", value_delimiter = ',')]
    pub(super) table: Vec<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    pub(super) output_format: AdviceFormat,
    /// Print migrations for this tool; `--output-format migration` takes what the project uses for each table
    #[arg(long = "as", value_enum, value_name = "TOOL")]
    pub(super) tool: Option<Tool>,
    #[command(flatten)]
    pub(super) project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Only these tables
    #[arg(short, long, value_name = "NAME", value_delimiter = ',')]
    pub(super) table: Vec<String>,
    /// How they are written
    #[arg(long, value_enum, default_value_t)]
    pub(super) output_format: SchemaFormat,
    /// Print what migrations and models say differently of the same tables
    #[arg(long)]
    pub(super) drift: bool,
    /// Print a query that only reads, and whose answer is the file for `stats` in the configuration
    #[arg(long, value_enum, value_name = "DATABASE", conflicts_with_all = ["table", "output_format"])]
    pub(super) stats_query: Option<Database>,
    #[command(flatten)]
    pub(super) project: ProjectArguments,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people
    #[default]
    Text,
    /// One JSON document
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaFormat {
    /// For people
    #[default]
    Text,
    /// One JSON document
    Json,
    /// Statements that make it
    Sql,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum AdviceFormat {
    /// For people
    #[default]
    Text,
    /// One JSON document
    Json,
    /// Statements that do it
    Sql,
    /// Migrations that make the indexes
    Migration,
}

/// A tool whose migrations change tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Tool {
    /// Alembic
    Alembic,
    /// Django
    Django,
    /// Drizzle Kit
    Drizzle,
    /// Knex
    Knex,
    /// Prisma Migrate
    Prisma,
    /// Sequelize
    Sequelize,
    /// Files of SQL
    Sql,
    /// TypeORM
    #[value(name = "typeorm")]
    TypeOrm,
}

impl From<Tool> for MigrationTool {
    fn from(tool: Tool) -> MigrationTool {
        match tool {
            Tool::Alembic => MigrationTool::Alembic,
            Tool::Django => MigrationTool::Django,
            Tool::Drizzle => MigrationTool::Drizzle,
            Tool::Knex => MigrationTool::Knex,
            Tool::Prisma => MigrationTool::Prisma,
            Tool::Sequelize => MigrationTool::Sequelize,
            Tool::Sql => MigrationTool::Sql,
            Tool::TypeOrm => MigrationTool::TypeOrm,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Database {
    /// PostgreSQL
    #[value(alias = "postgres")]
    Postgresql,
    /// MySQL, MariaDB
    #[value(alias = "mariadb")]
    Mysql,
    /// SQLite, after ANALYZE
    Sqlite,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// If the reader is a terminal (NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE are heeded)
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct ColorArguments {
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(super) color: ColorChoice,
}

const RULES: &str = "Rules";
const FILES: &str = "Files";
const OUTPUT: &str = "Output";
const FIXES: &str = "Fixes";
const BASELINE: &str = "Baseline";
const CONFIGURATION: &str = "Configuration";

/// What does not go with changes since a commit: other texts than those on disk, and comments, which go to another
/// place than that of the change.
const CHANGES: [&str; 2] = ["staged", "add_ignore"];
/// What changes files on disk, or shows how.
const FIXING: [&str; 4] = ["fix", "fix_only", "diff", "add_ignore"];

#[derive(Debug, Default, Args)]
pub(super) struct CheckArguments {
    /// Files and folders, `-` for standard input, `@file` for a file that lists them [default: .]
    pub(super) paths: Vec<PathBuf>,

    /// Run only these rules: names, categories, or `all`
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = RULES)]
    pub(super) select: Option<Vec<String>>,
    /// Do not run these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = RULES)]
    pub(super) ignore: Option<Vec<String>>,
    /// Run these rules too
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = RULES)]
    pub(super) extend_select: Option<Vec<String>>,
    /// Do not run these rules either
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = RULES)]
    pub(super) extend_ignore: Option<Vec<String>>,
    /// Do not run a rule on some paths: `pattern:rule`
    #[arg(long, value_name = "PATTERN:RULE", value_delimiter = ',', help_heading = RULES)]
    pub(super) per_file_ignores: Vec<String>,
    /// Run rules whose precision has not been measured yet
    #[arg(long, help_heading = RULES)]
    pub(super) preview: bool,
    /// Report only findings that are at least so sure [default: medium]
    #[arg(long, value_name = "LEVEL", value_parser = confidence, help_heading = RULES)]
    pub(super) min_confidence: Option<Confidence>,
    /// Report findings of low confidence too
    #[arg(long, help_heading = RULES)]
    pub(super) pedantic: bool,

    /// Check tests, migrations, seeds and scripts too
    #[arg(long, help_heading = FILES)]
    pub(super) include_tests: bool,
    /// Do not check these paths
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', help_heading = FILES)]
    pub(super) exclude: Option<Vec<String>>,
    /// Do not check these paths either
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', help_heading = FILES)]
    pub(super) extend_exclude: Option<Vec<String>>,
    /// Leave out excluded paths even if they are named
    #[arg(long, help_heading = FILES)]
    pub(super) force_exclude: bool,
    /// Check files that git ignores
    #[arg(long, help_heading = FILES)]
    pub(super) no_respect_gitignore: bool,
    /// Read standard input as the text of this file
    #[arg(long, visible_alias = "stdin-filepath", value_name = "PATH", help_heading = FILES)]
    pub(super) stdin_filename: Option<PathBuf>,
    /// List the files that would be checked (-v: and the others, with the reason)
    #[arg(long, help_heading = FILES)]
    pub(super) show_files: bool,

    /// How findings are written [default: full]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = OUTPUT)]
    pub(super) output_format: Option<OutputFormat>,
    /// Write findings to a file
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    pub(super) output_file: Option<PathBuf>,
    /// Write findings to this file too, in this format: `--output sarif=seqscan.sarif`; may be repeated
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output, help_heading = OUTPUT)]
    pub(super) output: Vec<(OutputFormat, PathBuf)>,
    /// Print how often each rule found something, instead of the findings
    #[arg(long, help_heading = OUTPUT)]
    pub(super) statistics: bool,
    /// Show findings that a comment silences too; they do not fail the run
    #[arg(long, help_heading = OUTPUT)]
    pub(super) show_suppressed: bool,
    /// Apply the fixes that change nothing but what they are about, and tell what is left
    #[arg(long, help_heading = FIXES)]
    pub(super) fix: bool,
    /// Apply, or show, also the fixes that may change what the program does
    #[arg(long, help_heading = FIXES)]
    pub(super) unsafe_fixes: bool,
    /// Print what would be changed, and change nothing
    #[arg(long, help_heading = FIXES, conflicts_with_all = ["fix_only", "statistics", "show_suppressed", "add_ignore"])]
    pub(super) diff: bool,
    /// Apply fixes, and tell no findings
    #[arg(long, help_heading = FIXES)]
    pub(super) fix_only: bool,
    /// Add a suppression comment for each finding, with this reason
    #[arg(long, visible_alias = "add-noqa", value_name = "REASON", num_args = 0..=1, require_equals = true,
        default_missing_value = "", help_heading = FIXES, conflicts_with_all = ["fix", "fix_only", "write_baseline"])]
    pub(super) add_ignore: Option<String>,

    /// Tell only findings that this file does not know
    #[arg(long, value_name = "FILE", help_heading = BASELINE)]
    pub(super) baseline: Option<PathBuf>,
    /// Tell only what the changes since this commit (where the branches went apart) cause, wherever it shows
    #[arg(long, value_name = "REVISION", help_heading = BASELINE, conflicts_with_all = CHANGES)]
    pub(super) since: Option<String>,
    /// Tell only what changes that are not committed cause
    #[arg(long, help_heading = BASELINE, conflicts_with = "since", conflicts_with_all = CHANGES)]
    pub(super) changed: bool,
    /// Tell only what changes that are staged cause; files are read as they are staged
    #[arg(long, help_heading = BASELINE, conflicts_with_all = FIXING)]
    pub(super) staged: bool,
    /// Write all findings to the baseline, and tell none [default file: seqscan-baseline.json]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, help_heading = BASELINE,
        conflicts_with = "prune_baseline")]
    pub(super) write_baseline: Option<Option<PathBuf>>,
    /// Take out of the baseline what is no more
    #[arg(long, help_heading = BASELINE)]
    pub(super) prune_baseline: bool,

    /// The least severity that makes the exit code 1 [default: warning]
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = OUTPUT)]
    pub(super) fail_on: Option<FailOn>,
    /// Exit with 0 even if there are findings
    #[arg(short = 'e', long, help_heading = OUTPUT)]
    pub(super) exit_zero: bool,
    /// Print findings and errors only
    #[arg(short, long, help_heading = OUTPUT, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Print everything that was not checked
    #[arg(short, long, help_heading = OUTPUT)]
    pub(super) verbose: bool,
    #[command(flatten)]
    pub(super) color: ColorArguments,

    /// A configuration file, or one of its keys: `--config 'max-hops = 3'`
    #[arg(long, value_name = "FILE|KEY=VALUE", help_heading = CONFIGURATION)]
    pub(super) config: Vec<String>,
    /// Read no configuration file
    #[arg(long, help_heading = CONFIGURATION)]
    pub(super) isolated: bool,
    /// The SQL dialect where neither driver nor ORM tells it
    #[arg(long, value_name = "NAME", help_heading = CONFIGURATION)]
    pub(super) dialect: Option<String>,
    /// Print the settings of the named paths
    #[arg(long, help_heading = CONFIGURATION)]
    pub(super) show_settings: bool,
    /// Parse all files, or only those that can have a part in a finding: for showing that this changes none
    #[arg(long, hide = true, value_parser = parse, default_value = "auto")]
    pub(super) parse: Parse,
    /// Keep nothing of what files say for the next run, and use nothing that was kept
    #[arg(long, help_heading = CONFIGURATION)]
    pub(super) no_cache: bool,
    /// The folder in which what files say is kept between runs [default: .seqscan_cache at the project's root]
    #[arg(long, value_name = "FOLDER", help_heading = CONFIGURATION, conflicts_with = "no_cache")]
    pub(super) cache_dir: Option<PathBuf>,
    /// How many threads work [default: as many as there are processors]
    #[arg(short = 'j', long, visible_alias = "threads", value_name = "N", help_heading = CONFIGURATION)]
    pub(super) jobs: Option<usize>,
}

fn parse(text: &str) -> Result<Parse, String> {
    match text {
        "all" => Ok(Parse::All),
        "auto" => Ok(Parse::WhereWorth),
        "relevant" => Ok(Parse::Relevant),
        _ => Err("known are all, auto, relevant".to_owned()),
    }
}

fn confidence(text: &str) -> Result<Confidence, String> {
    match text {
        "low" => Ok(Confidence::Low),
        "medium" => Ok(Confidence::Medium),
        "high" => Ok(Confidence::High),
        _ => Err("known are low, medium, high".to_owned()),
    }
}

/// `format=file`
fn output(text: &str) -> Result<(OutputFormat, PathBuf), String> {
    let Some((format, file)) = text.split_once('=').filter(|(_, file)| !file.is_empty()) else {
        return Err("say the format and the file: `sarif=seqscan.sarif`".to_owned());
    };
    match OutputFormat::from_str(format, false) {
        Ok(format) => Ok((format, PathBuf::from(file))),
        Err(_) => {
            let known = OutputFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let known: Vec<String> = known.map(|value| value.get_name().to_owned()).collect();
            Err(format!("no format is called `{format}`; known are {}", known.join(", ")))
        }
    }
}
