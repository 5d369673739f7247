//! What **one** file says: functions, classes, calls, loops, imports, texts, SQL statements, directives.
//!
//! A host language is lowered once, in one walk over its syntax tree, into this small language-neutral
//! form; then the tree is dropped. Facts are owned, borrow nothing, and every id in them is local to the
//! file, so they can be kept by content hash. They know nothing of other files: an imported name stays
//! [`Value::Import`], and only `project` resolves it.
//!
//! The centre is the [`Value`] arena: each expression that can matter is one value, and local variables
//! are already replaced by what they were bound to. `cur = conn.cursor(); cur.execute(q)` has the callee
//! `Member(Call(Member(conn, "cursor")), "execute")`.

mod declared;
mod function;
mod names;
mod nested;
mod related;
mod template;

pub use declared::{Declarations, DeclaredModel};
pub use function::{Function, FunctionTraits, Param};
pub use names::Names;
pub use template::{Block, Include, TEMPLATE, Template};

use serde::{Deserialize, Serialize};

use crate::source::Span;
use crate::sql::Statement;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index into its table.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A name, in [`FileFacts::names`].
    Name,
    /// An entry of [`FileFacts::values`].
    ValueId,
    /// An entry of [`FileFacts::functions`]; 0 is the body of the file.
    FunctionId,
    /// An entry of [`FileFacts::classes`].
    ClassId,
    /// An entry of [`FileFacts::imports`].
    ImportId,
    /// An entry of [`FileFacts::calls`].
    CallId,
    /// An entry of [`FileFacts::loops`].
    LoopId,
    /// An entry of [`FileFacts::guards`].
    GuardId,
    /// An entry of [`FileFacts::texts`].
    TextId,
}

/// The value that is always there and of which nothing is known.
pub const UNKNOWN: ValueId = ValueId(0);
/// The function that stands for the body of the file.
pub const MODULE: FunctionId = FunctionId(0);

/// One expression, or what a name is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Value {
    /// Nothing is known of it. Only [`UNKNOWN`].
    Unknown,
    /// `None`, `null`, `undefined`
    Null,
    /// `True`, `false`
    Bool(bool),
    /// An integer literal.
    Int(i64),
    /// A number that is not an `i64`.
    Float,
    /// A string, with its holes if it has any.
    Text(TextId),
    /// What an import bound.
    Import(ImportId),
    /// A name that this file does not bind: a builtin, or a global of somebody else.
    Global(Name),
    /// A parameter inside its function.
    Param(FunctionId, u16),
    /// `self` or `this` of a class. In a class method `cls` is [`Value::Class`].
    This(ClassId),
    /// `super()` or `super` of a class.
    Super(ClassId),
    /// A function of this file, as a value.
    Function(FunctionId),
    /// A class of this file, as a value.
    Class(ClassId),
    /// `object.name`; also a name taken apart from an object pattern.
    Member(ValueId, Name),
    /// `object[key]`
    Item(ValueId, ValueId),
    /// `object[low:high]`; a missing bound is [`UNKNOWN`]. Python only.
    Slice(ValueId, ValueId, ValueId),
    /// The result of a call; `await` is transparent (see [`Call::awaited`]).
    Call(CallId),
    /// One element of what a loop runs over.
    Element(ValueId, LoopId),
    /// The n-th part of a value that was taken apart (`a, b = v`, `const [a] = v`).
    Part(ValueId, u16),
    /// A name that a loop's body binds again: it may differ from one run to the next. Holds what it was
    /// before the loop.
    Carried(ValueId, LoopId),
    /// A list, tuple, set or array literal.
    Sequence(Box<[ValueId]>),
    /// A dict or object literal: key and value; a spread has the key [`UNKNOWN`].
    Mapping(Box<[(ValueId, ValueId)]>),
    /// What a comprehension builds: its value for each run of the loop.
    Collected(ValueId, LoopId),
    /// One or the other: bound in two branches, `a if c else b`, `a or b`, `a ?? b`.
    Either(ValueId, ValueId),
    /// Any other operation over one or two values.
    Operation(Operation, ValueId, ValueId),
    /// A value of a declared type: the type as a value (`Session`, `Repository<User>` → see [`TypeRef`]).
    Typed(TypeRef),
    /// `*x`, `**x`, `...x`
    Spread(ValueId),
    /// Several others in a way that is not followed further (a JSX element, …): dependence on a loop is not lost.
    Mixed(Box<[ValueId]>),
}

/// A declared type: `Session` or `Repository<User>` or `list[User]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TypeRef {
    /// What the type's name resolves to: an import, a class, a member of a module, or a [`Value::Global`].
    pub head: ValueId,
    /// Its arguments, as [`Value::Typed`] where they can be read, else [`UNKNOWN`].
    pub arguments: Box<[ValueId]>,
}

/// What an [`Value::Operation`] does. Only what an analysis asks about is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operation {
    /// `+`, also string building that could not be folded into a text.
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `==`, `===`, `is`
    Equal,
    /// `!=`, `!==`, `is not`
    NotEqual,
    /// `<`, `<=`, `>`, `>=`
    Order,
    /// `in`, and JavaScript's `in`
    In,
    /// `not in`
    NotIn,
    /// `and`, `&&`
    And,
    /// `not`, `!` (the right value is [`UNKNOWN`])
    Not,
    /// `|`, as Django's `Q` and SQLAlchemy's conditions use it; `or` and `||` are [`Value::Either`].
    BitOr,
    /// `&`
    BitAnd,
    /// Anything else.
    Other,
}

/// A string that the program builds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The string after escapes. A hole stands in it as its source text (`{name}`, `${id}`), so nothing
    /// is lost and lengths are what they were.
    pub cooked: String,
    /// Which bytes of `cooked` came from which bytes of the file, in order, without gaps in `cooked`.
    pub pieces: Vec<Piece>,
    /// What is not known before run time, in order.
    pub holes: Vec<Hole>,
    /// The tag of a tagged template (`` sql`…` ``), else `None`.
    pub tag: Option<ValueId>,
}

/// A run of [`Text::cooked`] and where it stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// First byte in `cooked`.
    pub at: u32,
    /// The bytes of the file it stands for.
    pub host: Span,
    /// Whether each byte of `cooked` is the byte of the file at the same distance. False for an escape
    /// (`\n`, `\u00e9`), whose every byte stands for the whole of `host`.
    pub exact: bool,
}

/// A part of a [`Text`] that is filled in at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// First byte in `cooked`.
    pub start: u32,
    /// One past its last byte in `cooked`.
    pub end: u32,
    /// What is filled in.
    pub value: ValueId,
}

impl Text {
    /// The bytes of the file that `start..end` of the cooked text came from.
    pub fn host_span(&self, start: u32, end: u32) -> Span {
        let find = |at: u32| {
            let index = self.pieces.partition_point(|piece| piece.at <= at).saturating_sub(1);
            self.pieces.get(index).copied()
        };
        let Some(first) = find(start) else { return Span::default() };
        let from =
            if first.exact { (first.host.start + (start - first.at)).min(first.host.end) } else { first.host.start };
        let last_byte = end.saturating_sub(1).max(start);
        let last = find(last_byte).unwrap_or(first);
        let to =
            if last.exact { (last.host.start + (last_byte - last.at) + 1).min(last.host.end) } else { last.host.end };
        Span { start: from, end: to.max(from) }
    }
}

/// One import binding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The module as written: `a.b`, `..models`, `./db`, `@prisma/client`.
    pub module: Name,
    /// What of it: a name, the whole module, or everything.
    pub what: Imported,
    /// Where.
    pub span: Span,
}

/// What of a module an import binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Imported {
    /// The module itself: `import a.b as m`, `import * as m`, `require("m")`. Python's `import a.b`
    /// binds `a`: then `module` is `a`.
    Module,
    /// One name of it: `from m import n`, `import { n }`. The default export is `default`.
    Name(Name),
    /// All its names at once, bound to none: `from m import *`, `export * from "m"`.
    Star,
}

/// One class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Its name; empty for an anonymous class expression.
    pub name: Name,
    /// The class around it (Django's `Meta`).
    pub parent: Option<ClassId>,
    /// The function around it.
    pub function: FunctionId,
    /// What it extends, in order. A generic base is [`Value::Typed`].
    pub bases: Vec<ValueId>,
    /// What it says it implements, as [`Value::Typed`].
    pub implements: Vec<ValueId>,
    /// Keyword arguments of the class line (`table=True`).
    pub keywords: Vec<(Name, ValueId)>,
    /// Decorators.
    pub decorators: Vec<ValueId>,
    /// Attributes: those of the body, `self.x = …` in any method, and TypeScript's constructor
    /// properties. Methods are not among them.
    pub attributes: Vec<Attribute>,
    /// Its methods.
    pub methods: Vec<FunctionId>,
    /// Whether it is a TypeScript `interface` or a `type` with members.
    pub is_interface: bool,
    /// From its first to its last byte.
    pub span: Span,
    /// Its name.
    pub name_span: Span,
}

/// One attribute of a class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// What it is bound to; [`UNKNOWN`] if only declared.
    pub value: ValueId,
    /// Its declared type, as [`Value::Typed`].
    pub annotation: Option<ValueId>,
    /// Decorators (`@Column()`, `@OneToMany(() => Post, …)`).
    pub decorators: Vec<ValueId>,
    /// Whether it stands in the class body, not in a method.
    pub in_body: bool,
    /// The whole line or assignment.
    pub span: Span,
}

/// One call, `new`, tagged template or decorator call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What is called.
    pub callee: ValueId,
    /// With what, in order.
    pub args: Vec<Arg>,
    /// The function whose body it stands in. An inline callback is a function of its own.
    pub function: FunctionId,
    /// The innermost loop around it in that function, or the loop that an inline callback runs in.
    pub in_loop: Option<LoopId>,
    /// The innermost condition it stands under in that function.
    pub guard: Option<GuardId>,
    /// The whole expression.
    pub span: Span,
    /// The name that is called: the last name of the callee, or the whole callee. On one line.
    pub name_span: Span,
    /// Whether `await` stands directly before it.
    pub awaited: bool,
    /// Whether `new` does.
    pub is_new: bool,
    /// Where its result goes.
    pub result: ResultUse,
}

/// Where the result of a call goes, syntactically.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResultUse {
    /// Nowhere: an expression statement (also `await f()` as one).
    Discarded,
    /// Something is called on it, or read from it: `f().g()`, `f().x`, `f()[0]`.
    Receiver,
    /// It is an argument of a call.
    Argument,
    /// It is bound to a name, an attribute or an item.
    Bound,
    /// It is returned or yielded.
    Returned,
    /// A loop or comprehension runs over it, or it is spread or unpacked.
    Iterated,
    /// It is tested: `if f()`, `not f()`, `f() and …`.
    Tested,
    /// A `with` statement enters it, and gives it no name.
    Entered,
    /// Part of a larger expression.
    Operand,
}

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arg {
    /// Its keyword.
    pub name: Option<Name>,
    /// What is passed; `*x` is [`Value::Spread`].
    pub value: ValueId,
    /// Where.
    pub span: Span,
}

/// One loop: anything that runs its body once per element.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loop {
    /// The loop around it; an inline callback's loop has the loop around the call.
    pub parent: Option<LoopId>,
    /// The function it stands in.
    pub function: FunctionId,
    /// The condition it stands under.
    pub guard: Option<GuardId>,
    /// What makes it a loop.
    pub kind: LoopKind,
    /// What it runs over; [`UNKNOWN`] for `while`; of `for (;;)` the step, if it is not one.
    pub iterable: ValueId,
    /// The condition of a `while` or `for (;;)`; [`UNKNOWN`] if there is none.
    pub condition: ValueId,
    /// Its head, on one line: `for x in xs`, `xs.map(`, the `for … in …` of a comprehension.
    pub head: Span,
    /// The whole loop.
    pub span: Span,
    /// Of each name that its body binds again: its [`Value::Carried`], and what it is at the body's end.
    pub carries: Vec<(ValueId, ValueId)>,
}

/// What makes something a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LoopKind {
    /// `for x in xs`, `for (const x of xs)`, `for await`, `async for`
    Each,
    /// `for (const k in object)`
    Keys,
    /// `while`, `do … while`
    While,
    /// `for (;;)`
    Counting,
    /// A list, set, dict comprehension, or a generator expression (`lazy`: runs only when consumed).
    Comprehension,
    /// An inline callback or a named function given to `.map`, `.forEach` … or to `_.each(xs, …)`, `map(f, xs)`:
    /// the call that is given the callback.
    Callback(CallId),
}

/// One condition that code stands under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// The condition around it, in the same function.
    pub parent: Option<GuardId>,
    /// What kind of branch.
    pub kind: GuardKind,
    /// What is tested; [`UNKNOWN`] where nothing is.
    pub condition: ValueId,
    /// The innermost loop around the branching statement.
    pub in_loop: Option<LoopId>,
}

/// What kind of branch a [`Guard`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GuardKind {
    /// The branch where the condition holds.
    Then,
    /// The branch where it does not.
    Else,
    /// The right side of `and`: there the left side holds.
    And,
    /// The right side of `or` and `??`: there it does not.
    Or,
    /// An `except`/`catch` handler.
    Handler,
    /// A `case`, a default value.
    Other,
}

impl GuardKind {
    /// Whether the condition holds there, if that is known.
    pub fn holds(self) -> Option<bool> {
        match self {
            GuardKind::Then | GuardKind::And => Some(true),
            GuardKind::Else | GuardKind::Or => Some(false),
            GuardKind::Handler | GuardKind::Other => None,
        }
    }
}

/// The rest of a block after an `if` that leaves: there its condition does not hold. Python: of optional parameters only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// The function it stands in.
    pub function: FunctionId,
    /// What was tested.
    pub condition: ValueId,
    /// The rest of the block.
    pub span: Span,
}

/// A statement that leaves a loop or a function from inside a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// The innermost loop around it.
    pub in_loop: LoopId,
    /// The function it stands in: an exit in an inline callback does not leave the loop for `return`.
    pub function: FunctionId,
    /// The condition it stands under.
    pub guard: Option<GuardId>,
    /// How.
    pub kind: ExitKind,
    /// What is returned or raised; [`UNKNOWN`] if nothing.
    pub value: ValueId,
    /// Where.
    pub span: Span,
}

/// How a loop is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ExitKind {
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `return`
    Return,
    /// `raise`, `throw`
    Raise,
}

/// Something that makes a lazy value run, and is not a call: `await x`, `for a in x`, `if x:`, `x[0]`, `[...x]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// What is used.
    pub value: ValueId,
    /// How.
    pub kind: UseKind,
    /// The function it stands in.
    pub function: FunctionId,
    /// The innermost loop around it. For a loop's own iterable: the loop around that loop.
    pub in_loop: Option<LoopId>,
    /// The condition it stands under.
    pub guard: Option<GuardId>,
    /// Where.
    pub span: Span,
}

/// How a value is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UseKind {
    /// `await x`
    Await,
    /// `for a in x`, `[*x]`, `a, b = x`
    Iterate,
    /// `if x`, `not x`, `x and …`
    Test,
    /// `x[0]`, not a slice
    Index,
    /// `x[a:b]`: the value is the [`Value::Slice`], the place is that of the bounds.
    Slice,
    /// `a in x`
    Contains,
    /// `f"{x}"`, `"%s" % x`, `"{}".format(x)`
    Text,
}

/// An attribute that is read or set, and not called: `book.author`, `book.author = ann`. In JavaScript only one that is
/// awaited. Only of what may be a row: not of modules, classes and names that the file does not bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The attribute, as [`Value::Member`].
    pub value: ValueId,
    /// The function it stands in.
    pub function: FunctionId,
    /// The innermost loop around it.
    pub in_loop: Option<LoopId>,
    /// The innermost condition it stands under.
    pub guard: Option<GuardId>,
    /// Whether it is set, not read.
    pub is_set: bool,
    /// The object and the name.
    pub span: Span,
}

/// An item that is set in a loop: `params["id"] = book.id`; in JavaScript an attribute, too: `args.where.id = id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// What has the item.
    pub object: ValueId,
    /// What it is; [`UNKNOWN`] where that is worked out from what it was.
    pub value: ValueId,
    /// The innermost loop around it.
    pub in_loop: LoopId,
}

/// `context["books"] = books`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemSet {
    /// What it is set in.
    pub object: ValueId,
    /// The key.
    pub key: ValueId,
    /// What is set.
    pub value: ValueId,
}

/// A name bound at the top level of the file, or exported from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The name others import; `default` for a default export, `module.exports = x` too.
    pub name: Name,
    /// What it is bound to.
    pub value: ValueId,
    /// Whether other files can see it. Always in Python.
    pub exported: bool,
}

/// A SQL statement found in a text or a `.sql` file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SqlText {
    /// What it says.
    pub statement: Statement,
    /// The text it stands in; `None` in a `.sql` file, where offsets are the file's own.
    pub text: Option<TextId>,
    /// The bytes of the text (or file) that it covers.
    pub span: Span,
}

/// A `seqscan: …` comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directive {
    /// What it asks for.
    pub kind: DirectiveKind,
    /// The rules it names; empty if the brackets are missing (which is a finding).
    pub rules: Vec<(Box<str>, Span)>,
    /// The reason after the brackets.
    pub reason: Box<str>,
    /// The whole comment.
    pub span: Span,
    /// The bytes whose findings it silences: the statement it trails or precedes, or the whole file.
    pub covers: Span,
}

/// What a [`Directive`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DirectiveKind {
    /// `ignore[…]`
    Ignore,
    /// `ignore-file[…]`
    IgnoreFile,
}

/// Something about a file that was not checked, to be told in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// What: lower case, no full stop.
    pub what: String,
    /// Where.
    pub span: Span,
}

/// What one file says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FileFacts {
    /// All names of the facts.
    pub names: Names,
    /// All values; 0 is [`Value::Unknown`].
    pub values: Vec<Value>,
    /// All strings that a value holds.
    pub texts: Vec<Text>,
    /// All functions; 0 is the file's body.
    pub functions: Vec<Function>,
    /// All classes.
    pub classes: Vec<Class>,
    /// All import bindings.
    pub imports: Vec<Import>,
    /// All calls, in the order they are met.
    pub calls: Vec<Call>,
    /// All loops, outer before inner.
    pub loops: Vec<Loop>,
    /// All conditions, outer before inner.
    pub guards: Vec<Guard>,
    /// What early exits say of the code after them, by function and place.
    pub passed: Vec<Passed>,
    /// All exits from loops.
    pub exits: Vec<Exit>,
    /// All uses that may run a lazy value.
    pub uses: Vec<Use>,
    /// All attributes that are read or set.
    pub accesses: Vec<Access>,
    /// All items that are set in loops.
    pub stored: Vec<Stored>,
    /// What the file's top level binds.
    pub bindings: Vec<Binding>,
    /// All SQL statements.
    pub statements: Vec<SqlText>,
    /// All items that are set under a text as their key, sorted by what they are set in. Python only.
    pub item_sets: Vec<ItemSet>,
    /// Functions that are put on what is no literal, `Book.prototype.load = …`, by name. JavaScript only.
    pub put: Vec<(Name, ValueId)>,
    /// What else it says, if it is a template.
    pub template: Option<Box<Template>>,
    /// What it defines, if it is written in a language for schemas.
    pub declared: Option<Box<Declarations>>,
    /// All suppression comments.
    pub directives: Vec<Directive>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    #[serde(skip)]
    pub(crate) related: related::Related,
}

impl FileFacts {
    /// Facts that say nothing: only [`UNKNOWN`] and no function.
    pub fn empty() -> FileFacts {
        FileFacts { values: vec![Value::Unknown], ..FileFacts::default() }
    }

    /// The value with this id.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.index()]
    }

    /// The call with this id.
    pub fn call(&self, id: CallId) -> &Call {
        &self.calls[id.index()]
    }

    /// The function with this id.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.index()]
    }

    /// The class with this id.
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.index()]
    }

    /// The loop with this id.
    pub fn loop_(&self, id: LoopId) -> &Loop {
        &self.loops[id.index()]
    }

    /// The string that `id` is, if it is one.
    pub fn text(&self, id: ValueId) -> Option<&Text> {
        match *self.value(id) {
            Value::Text(text) => Some(&self.texts[text.index()]),
            _ => None,
        }
    }

    /// `id` as a plain string without holes.
    pub fn literal(&self, id: ValueId) -> Option<&str> {
        self.text(id).filter(|text| text.holes.is_empty()).map(|text| text.cooked.as_str())
    }

    /// The name that a value is written with: of a global, of a member, of what is imported by name.
    pub fn own_name(&self, id: ValueId) -> Option<&str> {
        match self.value(id) {
            Value::Global(name) | Value::Member(_, name) => Some(&self.names[*name]),
            Value::Import(import) => match self.imports[import.index()].what {
                Imported::Name(name) => Some(&self.names[name]),
                _ => None,
            },
            _ => None,
        }
    }

    /// Where a function or class stands, as `Class.method`; empty at the top level.
    pub fn scope(&self, function: FunctionId) -> String {
        let mut parts = Vec::new();
        let mut at = Some(function);
        while let Some(id) = at {
            let function = self.function(id);
            if id != MODULE && !self.names[function.name].is_empty() {
                parts.push(&self.names[function.name]);
            }
            let mut class = function.class;
            while let Some(id) = class {
                parts.push(&self.names[self.class(id).name]);
                class = self.class(id).parent;
            }
            at = function.parent;
        }
        parts.reverse();
        parts.join(".")
    }
}
