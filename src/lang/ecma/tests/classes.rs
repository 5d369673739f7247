//! Classes and object literals.

use super::*;

#[test]
fn constructor_properties_and_fields() {
    let source = "
        @Injectable()
        export class S extends Base<User> implements I {
            private cache = new Map<string, User>();
            static shared: S;
            #secret: Db;
            @Column({ type: 'int' }) count?: number;
            handler = async (id) => this.repo.find(id);
            constructor(@InjectRepository(User) private readonly repo: Repository<User>, plain: X, public db = open()) {
                super(); this.later = plain;
            }
            get name() { return 1 }
            set name(v) {}
            static async make() { return this.shared }
            async *walk() { yield super.walk() }
            @Get(':id') async one(id: string): Promise<User | null> { return this.#secret.one(id) }
        }
        class User {}
    ";
    let facts = ts(source);
    let class = class(&facts, "S");
    assert_eq!(class.bases.iter().map(|&base| show(&facts, base)).collect::<Vec<_>>(), [":@Base<:class User>"]);
    assert_eq!(class.decorators.len(), 1);
    let attributes: Vec<_> = class
        .attributes
        .iter()
        .map(|one| {
            let annotation = one.annotation.map_or(String::new(), |annotation| show(&facts, annotation));
            format!("{}{annotation} = {}", &facts.names[one.name], show(&facts, one.value))
        })
        .collect();
    assert_eq!(
        attributes,
        [
            "cache = new @Map()",
            "shared:class S = ?",
            "#secret:@Db = ?",
            "count:@number = ?",
            "handler = fn handler",
            "repo:@Repository<:class User> = constructor#0",
            "db = constructor#2",
            "later = constructor#1",
        ]
    );
    let repo = &class.attributes[5];
    assert_eq!(show(&facts, repo.decorators[0]), "@InjectRepository(class User)");
    assert!(!repo.in_body && class.attributes[0].in_body);
    let methods: Vec<_> = class.methods.iter().map(|&method| name_of(&facts, method)).collect();
    assert_eq!(methods, ["constructor", "name", "make", "walk", "one"]);
    assert!(facts.function(class.methods[1]).traits.is_property);
    assert!(facts.function(class.methods[3]).traits.is_generator);
    assert_eq!(show(&facts, facts.function(class.methods[2]).returns[0]), "class S.shared");
    assert_eq!(show(&facts, facts.function(class.methods[3]).yields[0]), "super:S.walk()");
    let one = facts.function(class.methods[4]);
    assert_eq!(one.decorators.len(), 1);
    assert_eq!(show(&facts, one.result_type.unwrap()), ":class User");
    assert_eq!(show(&facts, one.returns[0]), "this:S.#secret.one(one#0)");
    assert_eq!(show(&facts, call(&facts, "this:S.repo.find").callee), "this:S.repo.find");
    assert_eq!(facts.scope(call(&facts, "this:S.repo.find").function), "S.handler");
}

#[test]
fn bases_of_all_kinds() {
    let facts = js(
        "class A extends mixin(Base) {} class B extends ns.Model {} const C = class extends B { m() { this.x() } };",
    );
    assert_eq!(show(&facts, class(&facts, "A").bases[0]), "@mixin(@Base)");
    assert_eq!(show(&facts, class(&facts, "B").bases[0]), "@ns.Model");
    assert_eq!(show(&facts, class(&facts, "C").bases[0]), "class B");
    assert_eq!(callees(&facts), ["@mixin", "this:C.x"]);
}

#[test]
fn decorated_javascript_classes() {
    let facts = js("@A() class X { @B() f = 1; @C() m() {} }");
    let class = class(&facts, "X");
    assert_eq!((class.decorators.len(), class.attributes[0].decorators.len()), (1, 1));
    assert_eq!(facts.function(class.methods[0]).decorators.len(), 1);
}

#[test]
fn object_literals_hold_functions() {
    let facts = js("
        const svc = { find: async id => db.get(id), async list() { return this.find(1) }, get x() { return 1 }, 'a-b': 1, [k]: 2, n };
        svc.find(2);
    ");
    assert_eq!(bound(&facts, "svc"), "{find: fn find, list: fn list, x: fn x, a-b: 1, @k: 2, n: @n}");
    assert_eq!(args(&facts, "@db.get"), "find#0");
    assert_eq!(show(&facts, function(&facts, "list").returns[0]), "?.find(1)");
    assert!(function(&facts, "find").traits.is_async);
}

#[test]
fn interfaces_are_classes_without_bodies() {
    let facts = ts("
        interface Repo extends Base<User> { db: Db; find(id: string): Promise<User>; all: () => Promise<User[]> }
        type Ctx = { prisma: PrismaClient };
        type More = Ctx & { extra: Extra };
        abstract class A { abstract q(): Promise<Db>; over(a: string): void; over(a: number): void; over(a) {} }
    ");
    let repo = class(&facts, "Repo");
    assert!(repo.is_interface);
    assert_eq!(show(&facts, repo.bases[0]), ":@Base<:@User>");
    assert_eq!(show(&facts, repo.attributes[0].annotation.unwrap()), ":@Db");
    let results: Vec<_> = repo
        .methods
        .iter()
        .map(|&method| {
            format!("{} {}", name_of(&facts, method), show(&facts, facts.function(method).result_type.unwrap()))
        })
        .collect();
    assert_eq!(results, ["find :@User", "all :@Array<:@User>"]);
    assert!(class(&facts, "Ctx").is_interface);
    assert_eq!(bound(&facts, "More"), ":class ");
    let methods = &class(&facts, "A").methods;
    assert_eq!(methods.iter().map(|&method| name_of(&facts, method)).collect::<Vec<_>>(), ["q", "over"]);
}

#[test]
fn aliases_of_this_are_this() {
    let facts = js("class A { m(xs) { const self = this; xs.forEach(function (x) { self.q(x); this.r(x) }) } }");
    assert_eq!(callees(&facts), ["m#0.forEach", "this:A.q", "?.r"]);
}
