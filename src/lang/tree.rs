//! Syntax trees as the walks see them: small, without what nobody asks for, and made in one pass.
//!
//! A host language's own reader makes one through [`Growing`]; what tree-sitter has read, [`copied`] brings into the
//! same form.

use std::ops::Range;

use tree_sitter::TreeCursor;

/// What the nodes of a language may be.
pub(super) trait NodeKind: Copy + Eq {
    /// A part that could not be parsed.
    const ERROR: Self;
}

/// A part of the grammar, not punctuation.
const NAMED: u8 = 1;
/// A syntax error stands inside.
const BROKEN: u8 = 2;
/// It does not stand in the text, though it should.
const MISSING: u8 = 4;

/// A whole tree: nodes of kinds `K`, whose children stand in places `F`.
#[derive(Debug)]
pub(super) struct Tree<K, F> {
    nodes: Vec<Data<K>>,
    /// The children of all nodes; those of one stand next to each other.
    children: Vec<Child<F>>,
    root: u32,
}

#[derive(Clone, Copy, Debug)]
struct Data<K> {
    start: u32,
    end: u32,
    /// Where its children stand.
    first: u32,
    count: u32,
    kind: K,
    flags: u8,
}

#[derive(Clone, Copy, Debug)]
struct Child<F> {
    node: u32,
    field: Option<F>,
}

/// One node of a tree.
#[derive(Clone, Copy)]
pub(super) struct Node<'t, K, F> {
    tree: &'t Tree<K, F>,
    at: u32,
}

impl<K: NodeKind, F: Copy + Eq> Tree<K, F> {
    /// The whole file.
    pub(super) fn root(&self) -> Node<'_, K, F> {
        Node { tree: self, at: self.root }
    }
}

impl<K, F> PartialEq for Node<'_, K, F> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl<'t, K: NodeKind, F: Copy + Eq> Node<'t, K, F> {
    fn data(self) -> Data<K> {
        self.tree.nodes[self.at as usize]
    }

    /// Its number in its tree.
    pub(super) fn id(self) -> u32 {
        self.at
    }

    /// What it is.
    pub(super) fn kind(self) -> K {
        self.data().kind
    }

    /// Whether it is more than punctuation or a keyword.
    pub(super) fn is_named(self) -> bool {
        self.data().flags & NAMED != 0
    }

    /// Whether it could not be parsed.
    pub(super) fn is_error(self) -> bool {
        self.kind() == K::ERROR
    }

    /// Whether it should stand here and does not.
    pub(super) fn is_missing(self) -> bool {
        self.data().flags & MISSING != 0
    }

    /// Whether something in it could not be parsed.
    pub(super) fn has_error(self) -> bool {
        self.data().flags & BROKEN != 0
    }

    /// Where it begins.
    pub(super) fn start_byte(self) -> usize {
        self.data().start as usize
    }

    /// Where it ends.
    pub(super) fn end_byte(self) -> usize {
        self.data().end as usize
    }

    /// Its bytes.
    pub(super) fn byte_range(self) -> Range<usize> {
        self.start_byte()..self.end_byte()
    }

    fn entries(self) -> &'t [Child<F>] {
        let Data { first, count, .. } = self.data();
        &self.tree.children[first as usize..(first + count) as usize]
    }

    /// Its children in order, punctuation that matters among them.
    pub(super) fn children(self) -> impl DoubleEndedIterator<Item = Self> {
        self.entries().iter().map(move |child| Node { at: child.node, ..self })
    }

    /// Its children with their places.
    #[cfg(test)]
    pub(super) fn fields_and_children(self) -> impl Iterator<Item = (Option<F>, Self)> {
        self.entries().iter().map(|entry| entry.field).zip(self.children())
    }

    /// Its children without punctuation.
    pub(super) fn parts(self) -> impl DoubleEndedIterator<Item = Self> {
        self.children().filter(|child| child.is_named())
    }

    /// Its children in one place.
    pub(super) fn children_in(self, field: F) -> impl Iterator<Item = Self> {
        let inside = self.entries().iter().filter(move |child| child.field == Some(field));
        inside.map(move |child| Node { at: child.node, ..self })
    }

    /// Its first child in one place.
    pub(super) fn child(self, field: F) -> Option<Self> {
        self.children_in(field).next()
    }

    /// Its first part.
    pub(super) fn first_part(self) -> Option<Self> {
        self.parts().next()
    }

    /// How many children it has.
    pub(super) fn child_count(self) -> usize {
        self.data().count as usize
    }
}

/// A tree that is being made, children before their parents.
pub(super) struct Growing<K, F> {
    tree: Tree<K, F>,
    /// Nodes that wait for the one that they are children of.
    open: Vec<Child<F>>,
}

/// How far a tree had grown.
#[derive(Clone, Copy)]
pub(super) struct Grown {
    nodes: usize,
    children: usize,
    open: usize,
}

impl<K: NodeKind, F: Copy + Eq> Growing<K, F> {
    /// For a text of so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        // About as many nodes as a file of this length has.
        let room = bytes / 6;
        let tree = Tree { nodes: Vec::with_capacity(room), children: Vec::with_capacity(room), root: 0 };
        Growing { tree, open: Vec::new() }
    }

    /// The tree of which this is the whole file.
    pub(super) fn done(mut self, root: u32) -> Tree<K, F> {
        self.tree.root = root;
        self.tree
    }

    /// Where the children begin of a node that is to be closed later.
    pub(super) fn mark(&self) -> usize {
        self.open.len()
    }

    /// Lets a node wait for its parent.
    pub(super) fn push(&mut self, node: u32) {
        self.open.push(Child { node, field: None });
    }

    /// Lets a node wait that stands in this place of its parent.
    pub(super) fn push_as(&mut self, field: F, node: u32) {
        self.open.push(Child { node, field: Some(field) });
    }

    /// Takes back what waits since `mark`.
    pub(super) fn take_back(&mut self, mark: usize) -> Vec<u32> {
        self.open.drain(mark..).map(|child| child.node).collect()
    }

    /// Drops what waits since `mark`.
    pub(super) fn drop_since(&mut self, mark: usize) {
        self.open.truncate(mark);
    }

    /// Makes a node of those that wait since `mark`.
    pub(super) fn close(&mut self, kind: K, start: usize, end: usize, mark: usize) -> u32 {
        self.close_with(Data { start: small(start), end: small(end), first: 0, count: 0, kind, flags: NAMED }, mark)
    }

    fn close_with(&mut self, data: Data<K>, mark: usize) -> u32 {
        let first = small(self.tree.children.len());
        self.tree.children.extend(self.open.drain(mark..));
        let count = small(self.tree.children.len()) - first;
        self.tree.nodes.push(Data { first, count, ..data });
        small(self.tree.nodes.len() - 1)
    }

    /// A node without children.
    pub(super) fn leaf(&mut self, kind: K, start: usize, end: usize) -> u32 {
        self.close(kind, start, end, self.open.len())
    }

    /// Punctuation that is kept.
    pub(super) fn sign(&mut self, kind: K, start: usize, end: usize) -> u32 {
        let data = Data { start: small(start), end: small(end), first: 0, count: 0, kind, flags: 0 };
        self.close_with(data, self.open.len())
    }

    /// Puts punctuation among what waits: each before the node that came after it, and its place.
    pub(super) fn insert_signs(&mut self, kind: K, signs: impl DoubleEndedIterator<Item = (usize, usize, usize)>) {
        for (before, start, end) in signs.rev() {
            let node = self.sign(kind, start, end);
            self.open.insert(before, Child { node, field: None });
        }
    }

    /// What a node is.
    pub(super) fn kind(&self, node: u32) -> K {
        self.tree.nodes[node as usize].kind
    }

    /// Makes something else of a node.
    pub(super) fn set_kind(&mut self, node: u32, kind: K) {
        self.tree.nodes[node as usize].kind = kind;
    }

    /// Where a node begins.
    pub(super) fn start(&self, node: u32) -> usize {
        self.tree.nodes[node as usize].start as usize
    }

    /// Where a node ends.
    pub(super) fn end(&self, node: u32) -> usize {
        self.tree.nodes[node as usize].end as usize
    }

    /// A child of a node that is made.
    pub(super) fn child(&self, node: u32, index: usize) -> Option<u32> {
        let Data { first, count, .. } = self.tree.nodes[node as usize];
        (index < count as usize).then(|| self.tree.children[first as usize + index].node)
    }

    /// Puts a child of a node that is made into another place of it.
    pub(super) fn set_field(&mut self, node: u32, index: usize, field: Option<F>) {
        let Data { first, count, .. } = self.tree.nodes[node as usize];
        if index < count as usize {
            self.tree.children[first as usize + index].field = field;
        }
    }

    /// The first node that waits since `mark`.
    pub(super) fn waiting(&self, mark: usize) -> Option<u32> {
        self.open.get(mark).map(|child| child.node)
    }

    /// How far it has grown.
    pub(super) fn state(&self) -> Grown {
        Grown { nodes: self.tree.nodes.len(), children: self.tree.children.len(), open: self.open.len() }
    }

    /// Whether a node of this kind was made since `state`.
    pub(super) fn has_since(&self, state: Grown, kind: K) -> bool {
        self.tree.nodes[state.nodes..].iter().any(|node| node.kind == kind)
    }

    /// Forgets what has grown since.
    pub(super) fn go_back(&mut self, state: Grown) {
        self.tree.nodes.truncate(state.nodes);
        self.tree.children.truncate(state.children);
        self.open.truncate(state.open);
    }
}

/// How much of a node of tree-sitter's is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copied {
    /// It, and of its children what is copied of them.
    Whole,
    /// It alone.
    Leaf,
    /// Nothing.
    Left,
}

/// What a language keeps of tree-sitter's trees.
pub(super) trait Keep {
    type Kind: NodeKind;
    type Field: Copy + Eq;

    /// What a node is.
    fn kind(&self, node: tree_sitter::Node<'_>) -> Self::Kind;

    /// The place that has this number in the grammar, if anybody asks for it.
    fn field(&self, id: u16) -> Option<Self::Field>;

    /// How much is copied of a node in this place of its parent.
    fn keeps(
        &self,
        node: tree_sitter::Node<'_>,
        kind: Self::Kind,
        field: Option<Self::Field>,
        parent: Option<Self::Kind>,
    ) -> Copied;
}

/// A copy of a tree of tree-sitter's.
pub(super) fn copied<L: Keep>(language: &L, tree: &tree_sitter::Tree) -> Tree<L::Kind, L::Field> {
    let mut copy = Growing::new(0);
    let mut cursor = tree.walk();
    // The nodes that the cursor is inside of: what they are, and where their children begin.
    let mut inside: Vec<(L::Kind, usize)> = Vec::new();
    let field = |cursor: &TreeCursor<'_>| cursor.field_id().and_then(|id| language.field(id.get()));
    loop {
        let kind = language.kind(cursor.node());
        let parent = inside.last().map(|parent| parent.0);
        let kept = language.keeps(cursor.node(), kind, field(&cursor), parent);
        let mark = copy.mark();
        if kept == Copied::Whole && cursor.goto_first_child() {
            inside.push((kind, mark));
            continue;
        }
        if kept != Copied::Left {
            end(&mut copy, mark, kind, field(&cursor), cursor.node());
        }
        while !cursor.goto_next_sibling() {
            let Some((kind, mark)) = inside.pop().filter(|_| cursor.goto_parent()) else {
                let last = small(copy.tree.nodes.len().saturating_sub(1));
                return copy.done(last);
            };
            end(&mut copy, mark, kind, field(&cursor), cursor.node());
        }
    }
}

/// Ends a copy, whose children wait since `mark`.
fn end<K: NodeKind, F: Copy + Eq>(
    copy: &mut Growing<K, F>,
    mark: usize,
    kind: K,
    field: Option<F>,
    node: tree_sitter::Node<'_>,
) {
    let mut flags = 0;
    for (is_so, flag) in [(node.is_named(), NAMED), (node.has_error(), BROKEN), (node.is_missing(), MISSING)] {
        flags |= if is_so { flag } else { 0 };
    }
    let (start, end) = (small(node.start_byte()), small(node.end_byte()));
    let made = copy.close_with(Data { start, end, first: 0, count: 0, kind, flags }, mark);
    copy.open.push(Child { node: made, field });
}

/// A place in a list: no file has 2³² bytes.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
