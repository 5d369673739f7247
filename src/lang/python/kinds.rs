//! The kinds and fields of the Python grammar that the walk asks for, resolved to numbers once.

use std::sync::LazyLock;

use tree_sitter::Language;

use super::tree::Node;
use crate::lang::tree::NodeKind;

/// The grammar.
pub(super) fn language() -> Language {
    tree_sitter_python::LANGUAGE.into()
}

macro_rules! kinds {
    ($($kind:ident = $text:literal $named:literal,)*) => {
        /// What a node is, as far as the walk tells nodes apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind {
            $(#[doc = $text] $kind,)*
            /// A part that could not be parsed.
            Error,
            /// Anything else: punctuation, keywords.
            Other,
        }

        static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
            let language = language();
            let mut table = vec![Kind::Other; language.node_kind_count()];
            $({
                let id = language.id_for_node_kind($text, $named);
                if let Some(entry) = table.get_mut(usize::from(id)).filter(|_| id != 0) {
                    *entry = Kind::$kind;
                }
            })*
            table
        });

        #[cfg(test)]
        pub(super) const ALL_KINDS: &[(&str, bool)] = &[$(($text, $named),)*];
    };
}

impl NodeKind for Kind {
    const ERROR: Kind = Kind::Error;
}

kinds! {
    AliasedImport = "aliased_import" true,
    ArgumentList = "argument_list" true,
    AsPattern = "as_pattern" true,
    AsPatternTarget = "as_pattern_target" true,
    AssertStatement = "assert_statement" true,
    Assignment = "assignment" true,
    Attribute = "attribute" true,
    AugmentedAssignment = "augmented_assignment" true,
    Await = "await" true,
    BinaryOperator = "binary_operator" true,
    Block = "block" true,
    BooleanOperator = "boolean_operator" true,
    BreakStatement = "break_statement" true,
    Call = "call" true,
    CaseClause = "case_clause" true,
    CasePattern = "case_pattern" true,
    Chevron = "chevron" true,
    ClassDefinition = "class_definition" true,
    ClassPattern = "class_pattern" true,
    Comment = "comment" true,
    ComparisonOperator = "comparison_operator" true,
    ConcatenatedString = "concatenated_string" true,
    ConditionalExpression = "conditional_expression" true,
    ContinueStatement = "continue_statement" true,
    DecoratedDefinition = "decorated_definition" true,
    Decorator = "decorator" true,
    DefaultParameter = "default_parameter" true,
    DeleteStatement = "delete_statement" true,
    DictPattern = "dict_pattern" true,
    Dictionary = "dictionary" true,
    DictionaryComprehension = "dictionary_comprehension" true,
    DictionarySplat = "dictionary_splat" true,
    DictionarySplatPattern = "dictionary_splat_pattern" true,
    DottedName = "dotted_name" true,
    ElifClause = "elif_clause" true,
    Ellipsis = "ellipsis" true,
    ElseClause = "else_clause" true,
    ExceptClause = "except_clause" true,
    ExecStatement = "exec_statement" true,
    ExpressionList = "expression_list" true,
    ExpressionStatement = "expression_statement" true,
    False = "false" true,
    FinallyClause = "finally_clause" true,
    Float = "float" true,
    ForInClause = "for_in_clause" true,
    ForStatement = "for_statement" true,
    FormatExpression = "format_expression" true,
    FormatSpecifier = "format_specifier" true,
    FunctionDefinition = "function_definition" true,
    FutureImportStatement = "future_import_statement" true,
    GeneratorExpression = "generator_expression" true,
    GlobalStatement = "global_statement" true,
    Identifier = "identifier" true,
    IfClause = "if_clause" true,
    IfStatement = "if_statement" true,
    ImportFromStatement = "import_from_statement" true,
    ImportStatement = "import_statement" true,
    Integer = "integer" true,
    Interpolation = "interpolation" true,
    KeywordArgument = "keyword_argument" true,
    KeywordPattern = "keyword_pattern" true,
    KeywordSeparator = "keyword_separator" true,
    Lambda = "lambda" true,
    LambdaParameters = "lambda_parameters" true,
    LineContinuation = "line_continuation" true,
    List = "list" true,
    ListComprehension = "list_comprehension" true,
    ListPattern = "list_pattern" true,
    ListSplat = "list_splat" true,
    ListSplatPattern = "list_splat_pattern" true,
    MatchStatement = "match_statement" true,
    Module = "module" true,
    NamedExpression = "named_expression" true,
    None = "none" true,
    NonlocalStatement = "nonlocal_statement" true,
    NotOperator = "not_operator" true,
    Pair = "pair" true,
    Parameters = "parameters" true,
    ParenthesizedExpression = "parenthesized_expression" true,
    PassStatement = "pass_statement" true,
    PatternList = "pattern_list" true,
    PositionalSeparator = "positional_separator" true,
    PrintStatement = "print_statement" true,
    RaiseStatement = "raise_statement" true,
    ReturnStatement = "return_statement" true,
    Set = "set" true,
    SetComprehension = "set_comprehension" true,
    Slice = "slice" true,
    SplatPattern = "splat_pattern" true,
    StringLiteral = "string" true,
    StringEnd = "string_end" true,
    StringStart = "string_start" true,
    Subscript = "subscript" true,
    True = "true" true,
    TryStatement = "try_statement" true,
    Tuple = "tuple" true,
    TuplePattern = "tuple_pattern" true,
    TypeAliasStatement = "type_alias_statement" true,
    TypeConversion = "type_conversion" true,
    TypeNode = "type" true,
    TypedDefaultParameter = "typed_default_parameter" true,
    TypedParameter = "typed_parameter" true,
    UnaryOperator = "unary_operator" true,
    UnionPattern = "union_pattern" true,
    WhileStatement = "while_statement" true,
    WildcardImport = "wildcard_import" true,
    WithClause = "with_clause" true,
    WithItem = "with_item" true,
    WithStatement = "with_statement" true,
    Yield = "yield" true,
    Colon = ":" false,
    Equals = "=" false,
    From = "from" false,
}

/// What `node` is.
pub(super) fn kind(node: Node<'_>) -> Kind {
    node.kind()
}

/// What a node of tree-sitter's is.
pub(super) fn kind_of(node: tree_sitter::Node<'_>) -> Kind {
    // An ERROR node has the largest number, which is outside the table.
    KINDS.get(usize::from(node.kind_id())).copied().unwrap_or(Kind::Error)
}

macro_rules! fields {
    ($($field:ident = $text:literal,)*) => {
        /// A named place of a child in its parent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Field {
            $(#[doc = $text] $field,)*
        }

        pub(super) const ALL_FIELDS: &[Field] = &[$(Field::$field,)*];

        static FIELDS: LazyLock<Vec<u16>> = LazyLock::new(|| {
            let language = language();
            vec![$(language.field_id_for_name($text).map_or(0, u16::from),)*]
        });
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
    Definition = "definition",
    Expression = "expression",
    FormatSpecifier = "format_specifier",
    Function = "function",
    Guard = "guard",
    Key = "key",
    Left = "left",
    ModuleName = "module_name",
    Name = "name",
    Object = "object",
    Operator = "operator",
    Parameters = "parameters",
    ReturnType = "return_type",
    Right = "right",
    Subject = "subject",
    Subscript = "subscript",
    Superclasses = "superclasses",
    Type = "type",
    Value = "value",
}

impl Field {
    /// Its number in the grammar; 0 if the grammar has no such field.
    #[cfg(test)]
    pub(super) fn id(self) -> u16 {
        FIELDS.get(self as usize).copied().unwrap_or(0)
    }

    /// The field of this number in the grammar, if it is one that is asked for.
    pub(super) fn of_id(id: u16) -> Option<Field> {
        FIELDS.iter().position(|&field| field == id).map(|at| ALL_FIELDS[at])
    }
}

/// The child of `node` in this place.
pub(super) fn child(node: Node<'_>, field: Field) -> Option<Node<'_>> {
    node.children_in(field).next()
}
