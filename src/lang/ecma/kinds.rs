//! The node kinds and fields that the walk knows, looked up once per grammar: ids differ between the
//! JavaScript, the TypeScript and the TSX grammar, names do not.

use std::sync::LazyLock;

use tree_sitter::{Language, Node};

use crate::lang::tree::NodeKind;

macro_rules! kinds {
    (named { $($named:ident = $named_text:literal),* $(,)? } tokens { $($token:ident = $token_text:literal),* $(,)? }) => {
        /// What a node is. `Other` is everything that the walk has no word for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind {
            Other,
            Error,
            /// A part of a type or a class that says nothing here, whatever is in it.
            Opaque,
            /// What nobody asks for: comments, the parts of literals, the parameters of types.
            Dropped,
            $($named,)*
            $($token,)*
        }

        fn kind_of(name: &str, is_named: bool) -> Kind {
            match (name, is_named) {
                $(($named_text, true) => Kind::$named,)*
                $(($token_text, false) => Kind::$token,)*
                (name, true) if OPAQUE.contains(&name) => Kind::Opaque,
                (name, true) if DROPPED.contains(&name) => Kind::Dropped,
                _ => Kind::Other,
            }
        }
    };
}

impl NodeKind for Kind {
    const ERROR: Kind = Kind::Error;
}

/// Nodes of which only the place is kept.
const OPAQUE: &[&str] = &[
    "asserts",
    "asserts_annotation",
    "call_signature",
    "conditional_type",
    "construct_signature",
    "constructor_type",
    "existential_type",
    "index_signature",
    "index_type_query",
    "infer_type",
    "template_literal_type",
    "this_type",
    "tuple_type",
    "type_predicate",
    "type_predicate_annotation",
];

/// Nodes that are not kept at all.
const DROPPED: &[&str] = &[
    "comment",
    "escape_sequence",
    "hash_bang_line",
    "html_character_reference",
    "html_comment",
    "import_attribute",
    "jsx_closing_element",
    "jsx_text",
    "optional_chain",
    "regex_flags",
    "regex_pattern",
    "string_fragment",
    "type_parameters",
];

kinds! {
    named {
        AbstractClassDeclaration = "abstract_class_declaration",
        AbstractMethodSignature = "abstract_method_signature",
        AccessibilityModifier = "accessibility_modifier",
        AmbientDeclaration = "ambient_declaration",
        Arguments = "arguments",
        Array = "array",
        ArrayPattern = "array_pattern",
        ArrayType = "array_type",
        ArrowFunction = "arrow_function",
        AsExpression = "as_expression",
        AssignmentExpression = "assignment_expression",
        AssignmentPattern = "assignment_pattern",
        AugmentedAssignment = "augmented_assignment_expression",
        AwaitExpression = "await_expression",
        BinaryExpression = "binary_expression",
        BreakStatement = "break_statement",
        CallExpression = "call_expression",
        CatchClause = "catch_clause",
        Class = "class",
        ClassBody = "class_body",
        ClassDeclaration = "class_declaration",
        ClassHeritage = "class_heritage",
        ClassStaticBlock = "class_static_block",
        ComputedPropertyName = "computed_property_name",
        ContinueStatement = "continue_statement",
        Decorator = "decorator",
        DoStatement = "do_statement",
        ElseClause = "else_clause",
        EmptyStatement = "empty_statement",
        EnumAssignment = "enum_assignment",
        EnumBody = "enum_body",
        EnumDeclaration = "enum_declaration",
        ExportClause = "export_clause",
        ExportSpecifier = "export_specifier",
        ExportStatement = "export_statement",
        ExpressionStatement = "expression_statement",
        ExtendsClause = "extends_clause",
        ExtendsTypeClause = "extends_type_clause",
        False = "false",
        FieldDefinition = "field_definition",
        FinallyClause = "finally_clause",
        FlowMaybeType = "flow_maybe_type",
        ForInStatement = "for_in_statement",
        ForStatement = "for_statement",
        FormalParameters = "formal_parameters",
        FunctionDeclaration = "function_declaration",
        FunctionExpression = "function_expression",
        FunctionSignature = "function_signature",
        FunctionType = "function_type",
        GeneratorFunction = "generator_function",
        GeneratorFunctionDeclaration = "generator_function_declaration",
        GenericType = "generic_type",
        Identifier = "identifier",
        IfStatement = "if_statement",
        ImplementsClause = "implements_clause",
        Import = "import",
        ImportAlias = "import_alias",
        ImportClause = "import_clause",
        ImportRequireClause = "import_require_clause",
        ImportSpecifier = "import_specifier",
        ImportStatement = "import_statement",
        InstantiationExpression = "instantiation_expression",
        InterfaceDeclaration = "interface_declaration",
        InternalModule = "internal_module",
        IntersectionType = "intersection_type",
        JsxAttribute = "jsx_attribute",
        JsxElement = "jsx_element",
        JsxExpression = "jsx_expression",
        JsxOpeningElement = "jsx_opening_element",
        JsxSelfClosingElement = "jsx_self_closing_element",
        LabeledStatement = "labeled_statement",
        LexicalDeclaration = "lexical_declaration",
        LiteralType = "literal_type",
        LookupType = "lookup_type",
        MemberExpression = "member_expression",
        MethodDefinition = "method_definition",
        MethodSignature = "method_signature",
        Module = "module",
        NamedImports = "named_imports",
        NamespaceExport = "namespace_export",
        NamespaceImport = "namespace_import",
        NestedIdentifier = "nested_identifier",
        NestedTypeIdentifier = "nested_type_identifier",
        NewExpression = "new_expression",
        NonNullExpression = "non_null_expression",
        Null = "null",
        Number = "number",
        Object = "object",
        ObjectAssignmentPattern = "object_assignment_pattern",
        ObjectPattern = "object_pattern",
        ObjectType = "object_type",
        InterfaceBody = "interface_body",
        OptionalParameter = "optional_parameter",
        OverrideModifier = "override_modifier",
        Pair = "pair",
        PairPattern = "pair_pattern",
        ParenthesizedExpression = "parenthesized_expression",
        ParenthesizedType = "parenthesized_type",
        PredefinedType = "predefined_type",
        PrivatePropertyIdentifier = "private_property_identifier",
        Program = "program",
        PropertyIdentifier = "property_identifier",
        PropertySignature = "property_signature",
        PublicFieldDefinition = "public_field_definition",
        ReadonlyType = "readonly_type",
        Regex = "regex",
        RequiredParameter = "required_parameter",
        RestPattern = "rest_pattern",
        ReturnStatement = "return_statement",
        SatisfiesExpression = "satisfies_expression",
        SequenceExpression = "sequence_expression",
        ShorthandProperty = "shorthand_property_identifier",
        ShorthandPropertyPattern = "shorthand_property_identifier_pattern",
        SpreadElement = "spread_element",
        StatementBlock = "statement_block",
        String = "string",
        SubscriptExpression = "subscript_expression",
        Super = "super",
        SwitchCase = "switch_case",
        SwitchDefault = "switch_default",
        SwitchStatement = "switch_statement",
        TemplateString = "template_string",
        TemplateSubstitution = "template_substitution",
        TernaryExpression = "ternary_expression",
        This = "this",
        ThrowStatement = "throw_statement",
        True = "true",
        TryStatement = "try_statement",
        TypeAliasDeclaration = "type_alias_declaration",
        TypeAnnotation = "type_annotation",
        TypeArguments = "type_arguments",
        TypeAssertion = "type_assertion",
        TypeIdentifier = "type_identifier",
        TypeQuery = "type_query",
        UnaryExpression = "unary_expression",
        Undefined = "undefined",
        UnionType = "union_type",
        UpdateExpression = "update_expression",
        UsingDeclaration = "using_declaration",
        VariableDeclaration = "variable_declaration",
        VariableDeclarator = "variable_declarator",
        WhileStatement = "while_statement",
        WithStatement = "with_statement",
        YieldExpression = "yield_expression",
    }
    tokens {
        Async = "async",
        Static = "static",
        StaticGet = "static get",
        Get = "get",
        Set = "set",
        Star = "*",
        Default = "default",
        Equals = "=",
        Readonly = "readonly",
        In = "in",
        Var = "var",
        Plus = "+",
        Minus = "-",
        And = "&&",
        Or = "||",
        Coalesce = "??",
        EqualEqual = "==",
        EqualEqualEqual = "===",
        NotEqual = "!=",
        NotEqualEqual = "!==",
        Less = "<",
        LessEqual = "<=",
        Greater = ">",
        GreaterEqual = ">=",
        BitOr = "|",
        BitAnd = "&",
        Not = "!",
        Void = "void",
        PlusEquals = "+=",
        MinusEquals = "-=",
        TimesEquals = "*=",
        AndEquals = "&&=",
        OrEquals = "||=",
        CoalesceEquals = "??=",
        Increment = "++",
        Comma = ",",
    }
}

macro_rules! fields {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// A named place of a child in its parent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Field { $($name,)* }

        /// The field of each id of a grammar that the walk asks for.
        fn fields_of(language: &Language) -> Vec<Option<Field>> {
            let mut fields = vec![None; language.field_count() + 1];
            for (field, name) in [$((Field::$name, $text)),*] {
                let id = language.field_id_for_name(name).map_or(0, std::num::NonZero::get);
                if let Some(entry) = fields.get_mut(usize::from(id)).filter(|_| id != 0) {
                    *entry = Some(field);
                }
            }
            fields
        }
    };
}

fields! {
    Alias = "alias",
    Alternative = "alternative",
    Argument = "argument",
    Arguments = "arguments",
    Attribute = "attribute",
    Body = "body",
    Condition = "condition",
    Consequence = "consequence",
    Constructor = "constructor",
    Declaration = "declaration",
    Finalizer = "finalizer",
    Function = "function",
    Handler = "handler",
    Increment = "increment",
    Index = "index",
    Initializer = "initializer",
    Key = "key",
    Kind = "kind",
    Left = "left",
    Module = "module",
    Name = "name",
    Object = "object",
    Operator = "operator",
    Parameter = "parameter",
    Parameters = "parameters",
    Pattern = "pattern",
    Property = "property",
    ReturnType = "return_type",
    Right = "right",
    Source = "source",
    Type = "type",
    TypeArguments = "type_arguments",
    Value = "value",
}

/// One grammar with its ids.
#[derive(Debug)]
pub(super) struct Grammar {
    /// For the parser.
    pub(super) language: Language,
    fields: Vec<Option<Field>>,
    kinds: Vec<Kind>,
}

impl Grammar {
    fn new(language: Language) -> Grammar {
        let count = u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
        let kinds = (0..count)
            .map(|id| kind_of(language.node_kind_for_id(id).unwrap_or(""), language.node_kind_is_named(id)))
            .collect();
        Grammar { fields: fields_of(&language), language, kinds }
    }

    /// The field of this id, if the walk asks for it.
    pub(super) fn field_of(&self, id: u16) -> Option<Field> {
        self.fields.get(usize::from(id)).copied().flatten()
    }

    /// What `node` is.
    pub(super) fn kind_of(&self, node: Node<'_>) -> Kind {
        let id = node.kind_id();
        if id == u16::MAX { Kind::Error } else { self.kinds.get(usize::from(id)).copied().unwrap_or(Kind::Other) }
    }
}

/// `.js` with JSX.
pub(super) static JAVASCRIPT: LazyLock<Grammar> =
    LazyLock::new(|| Grammar::new(tree_sitter_javascript::LANGUAGE.into()));
/// `.ts`
pub(super) static TYPESCRIPT: LazyLock<Grammar> =
    LazyLock::new(|| Grammar::new(tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into()));
/// `.tsx`, and `.js` with types.
pub(super) static TSX: LazyLock<Grammar> = LazyLock::new(|| Grammar::new(tree_sitter_typescript::LANGUAGE_TSX.into()));
