//! Functions, classes, declared types.

use super::*;

fn params(source: &str) -> String {
    let facts = facts(source);
    let function = &facts.functions[1];
    let mut out = Vec::new();
    for param in &function.params {
        let mut shown = facts.names[param.name].to_owned();
        if param.is_rest {
            shown.insert(0, '*');
        }
        if param.is_keyword_only {
            shown.push('!');
        }
        if let Some(annotation) = param.annotation {
            let _ = write!(shown, ": {}", show(&facts, annotation));
        }
        if let Some(default) = param.default {
            let _ = write!(shown, " = {}", show(&facts, default));
        }
        out.push(shown);
    }
    let result = function.result_type.map(|result| format!(" -> {}", show(&facts, result))).unwrap_or_default();
    out.join(", ") + &result
}

#[test]
fn parameters_are_as_written() {
    assert_eq!(
        params("def f(a, b: int, c=1, d: str = g(), *e, f, **h) -> X: pass"),
        "a, b: <int>, c = 1, d: <str> = g(), *e, f!, *h -> <X>"
    );
    assert_eq!(params("def f(a, /, b, *, c: 'X' = None): pass"), "a, b, c!: <X> = None");
    assert_eq!(params("class A:\n  def f(self, a, *args: int): pass"), "a, *args: <int>");
    assert_eq!(params("class A:\n  @staticmethod\n  def f(a): pass"), "a");
    assert_eq!(params("class A:\n  @classmethod\n  def f(cls, a): pass"), "a");
    assert_eq!(params("x = lambda a, b=1: a"), "a, b = 1");
    assert_eq!(params("def f(x: Later): pass\nclass Later: pass"), "x: <class Later>");
    assert_eq!(probe("class A:\n  def f(self, a, b): probe(b)"), "param b");
    assert_eq!(probe("def f(a: int = 1): probe(a)"), "param a");
}

#[test]
fn types_are_read() {
    let annotation = |source: &str| params(&format!("import typing as t, m\ndef f(x: {source}): pass"));
    for (source, expected) in [
        ("Foo", "x: <Foo>"),
        ("m.Foo", "x: <m:.Foo>"),
        ("'m.Foo'", "x: <m:.Foo>"),
        ("Optional[Foo]", "x: <Foo>"),
        ("t.Optional['Foo']", "x: <Foo>"),
        ("Foo | None", "x: <Foo>"),
        ("None | Foo", "x: <Foo>"),
        ("'Foo | None'", "x: <Foo>"),
        ("Union[Foo, None]", "x: <Foo>"),
        ("Union[Foo, Bar]", "x: (<Foo> | <Bar>)"),
        ("Annotated[Foo, Depends(get[1])]", "x: <Foo>"),
        ("Annotated[\n    Foo,  # the ] thing\n    f(']')]", "x: <Foo>"),
        ("list[Foo]", "x: <list[<Foo>]>"),
        ("dict[str, list['Foo']]", "x: <dict[<str>, <list[<Foo>]>]>"),
        ("Callable[[int, str], Foo]", "x: <Callable[?, <Foo>]>"),
        ("tuple[Foo, ...]", "x: <tuple[<Foo>, ?]>"),
        ("Mapped[Optional[list[\"Foo\"]]]", "x: <Mapped[<list[<Foo>]>]>"),
        ("Any", "x"),
        ("Literal['a', 'b']", "x"),
        ("f()", "x"),
        ("(Foo | None)", "x: <Foo>"),
        ("type[Foo]", "x: <type[<Foo>]>"),
    ] {
        assert_eq!(annotation(source), expected, "{source}");
    }
}

#[test]
fn odd_types_end() {
    for source in [
        "[",
        "]",
        "a[",
        "a[[",
        "a[,",
        "'a[",
        "a[']",
        "a |",
        "| a",
        "a.",
        "a[b c]",
        "é[ü]",
        "a[b](c)[d]",
        "{a: b}",
        "*a",
        "a[*b]",
        "**p",
    ] {
        facts(&format!("x: '{}' = 1", source.replace('\'', "\"")));
        facts(&format!("x: {source} = 1"));
    }
    facts(&format!("x: {}int{}", "a[".repeat(500), "]".repeat(500)));
}

#[test]
fn functions_know_how_they_were_declared() {
    let facts = facts(
        "\
class A:
  def __init__(self): self.a = 1
  @functools.cached_property
  def b(self): return 1
  @b.setter
  def b(self, v): pass
  @classmethod
  async def c(cls): yield cls
  @staticmethod
  def d(): pass
  class B:
    def e(self): pass
def f():
  yield from g()
",
    );
    let class = facts.class(ClassId(0));
    let method = |index: usize| facts.function(class.methods[index]);
    assert!(method(0).traits.is_constructor);
    assert!(method(1).traits.is_property);
    // Its setter would hide it, and is none of them.
    assert!(method(2).traits.is_class_method && method(2).traits.is_async && method(2).traits.is_generator);
    assert_eq!(show(&facts, method(2).yields[0]), "class A");
    assert!(method(3).traits.is_static);
    assert_eq!(show(&facts, method(1).returns[0]), "1");
    let inner = facts.class(ClassId(1));
    assert_eq!(inner.parent, Some(ClassId(0)));
    assert_eq!(facts.scope(inner.methods[0]), "A.B.e");
    let f = facts.functions.iter().find(|function| &facts.names[function.name] == "f").expect("f is there");
    assert_eq!(show(&facts, f.yields[0]), "*g()");
}

#[test]
fn receivers_are_known() {
    assert_eq!(probe("class A:\n  def f(self): probe(self)"), "this A");
    assert_eq!(probe("class A:\n  def f(me): probe(me.x)"), "this A.x");
    assert_eq!(probe("class A:\n  @classmethod\n  def f(cls): probe(cls)"), "class A");
    assert_eq!(probe("class A:\n  def __new__(c): probe(c)"), "class A");
    assert_eq!(probe("class A:\n  @validator('x')\n  def f(cls, v): probe(cls)"), "class A");
    assert_eq!(probe("class A:\n  @staticmethod\n  def f(a): probe(a)"), "param a");
    assert_eq!(probe("class A:\n  def f(self):\n    def g(): probe(self)"), "this A");
    assert_eq!(probe("class A:\n  def f(self): probe(super().f)"), "super A.f");
    assert_eq!(probe("class A:\n  def f(self): probe(super(A, self).f)"), "super A.f");
    assert_eq!(probe("class A:\n  x = 1\n  def f(self): probe(x)"), "x");
    assert_eq!(probe("class A:\n  x = 1\n  y = probe(x)"), "1");
}

#[test]
fn classes_have_bases_keywords_and_attributes() {
    let facts = facts(
        "\
import m
@deco(1)
class A(m.Base, Generic[T], table=True):
  a = m.Field(1)
  b: 'C' = None
  c: int
  d, e = 1, 2
  for x in y: pass
  def f(self, v):
    self.g = v
    self.h: C = v()
    self.a, self.i = v
    v.j = 1
  class Meta:
    ordering = ['a']
class C: pass
",
    );
    let class = facts.class(ClassId(0));
    let bases: Vec<String> = class.bases.iter().map(|&base| show(&facts, base)).collect();
    assert_eq!(bases, ["m:.Base", "<Generic[<T>]>"]);
    assert_eq!(&facts.names[class.keywords[0].0], "table");
    assert_eq!(show(&facts, class.decorators[0]), "deco()");
    let attributes: Vec<String> = class
        .attributes
        .iter()
        .map(|attribute| {
            let annotation = attribute.annotation.map(|a| format!(": {}", show(&facts, a))).unwrap_or_default();
            let method = if attribute.in_body { "" } else { "self." };
            format!("{method}{}{annotation} = {}", &facts.names[attribute.name], show(&facts, attribute.value))
        })
        .collect();
    assert_eq!(
        attributes,
        [
            "a = m:.Field()",
            "b: <class C> = None",
            "c: <int> = ?",
            "d = 1",
            "e = 2",
            "self.g = param v",
            "self.h: <class C> = param v()",
            "self.a = param v#0",
            "self.i = param v#1",
        ]
    );
    let meta = facts.class(ClassId(1));
    assert_eq!((meta.parent, &facts.names[meta.name]), (Some(ClassId(0)), "Meta"));
    assert_eq!(facts.class(ClassId(2)).parent, None);
}

#[test]
fn decorators_are_values_and_calls() {
    let facts = facts("@app.get('/')\n@cache\ndef f(): pass");
    let decorators: Vec<String> =
        facts.function(FunctionId(1)).decorators.iter().map(|&decorator| show(&facts, decorator)).collect();
    assert_eq!(decorators, ["app.get()", "cache"]);
    assert_eq!(facts.calls.len(), 1);
}
