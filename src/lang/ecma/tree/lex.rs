//! Tokens of JavaScript and TypeScript, as far as they are surely some.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tok {
    /// The end of the file.
    End,
    /// What is not known, or no token at all.
    Bad,
    /// A name, or a word that is a keyword only in some places.
    Name,
    /// `#name`
    Private,
    Number,
    String,
    /// The first backtick of a template.
    Backtick,
    // Words that are never names.
    Break,
    Case,
    Catch,
    Class,
    Const,
    Continue,
    Debugger,
    Default,
    Delete,
    Do,
    Else,
    Export,
    Extends,
    False,
    Finally,
    For,
    Function,
    If,
    Import,
    In,
    Instanceof,
    New,
    Null,
    Return,
    Super,
    Switch,
    This,
    Throw,
    True,
    Try,
    Typeof,
    Var,
    Void,
    While,
    With,
    // Signs.
    OpenBrace,
    CloseBrace,
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    Semicolon,
    Comma,
    Colon,
    Dot,
    Spread,
    Question,
    OptionalChain,
    Coalesce,
    Arrow,
    Assign,
    /// `+=` and the like.
    AugmentedAssign,
    Equality,
    Not,
    Tilde,
    Plus,
    Minus,
    Increment,
    Star,
    Power,
    Slash,
    Percent,
    Less,
    Greater,
    /// `<=`, `>=`
    Compare,
    ShiftLeft,
    /// `>>`, `>>>`
    ShiftRight,
    And,
    Or,
    Ampersand,
    Bar,
    Caret,
    At,
}

impl Tok {
    /// Whether it is written as a name is.
    pub(super) fn is_word(self) -> bool {
        self == Tok::Name || (Tok::Break as u8..=Tok::With as u8).contains(&(self as u8))
    }
}

/// A token and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) tok: Tok,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether a line ends between it and what stands before.
    pub(super) is_first: bool,
}

/// The first token from `at` on.
pub(super) fn token(source: &[u8], at: usize) -> Token {
    let Some((start, is_first)) = blanks(source, at) else {
        return Token { tok: Tok::Bad, start: at, end: at, is_first: false };
    };
    let (tok, end) = kind(source, start);
    Token { tok, start, end, is_first }
}

/// Where the blanks and comments end that begin at `at`, and whether a line does among them; nothing for a comment without an end.
fn blanks(source: &[u8], at: usize) -> Option<(usize, bool)> {
    let (mut at, mut is_first) = (at, false);
    loop {
        match source.get(at) {
            Some(b'\n') => is_first = true,
            Some(b' ' | b'\t' | b'\r' | 0x0b | 0x0c) => {}
            Some(b'/') => match comment_end(source, at) {
                Some(end) => {
                    is_first |= memchr::memchr(b'\n', &source[at..end]).is_some();
                    at = end;
                    continue;
                }
                None if matches!(source.get(at + 1), Some(b'*')) => return None,
                None => return Some((at, is_first)),
            },
            _ => return Some((at, is_first)),
        }
        at += 1;
    }
}

/// Where the comment ends that begins at `at`, if one does; that of a line before its end.
pub(super) fn comment_end(source: &[u8], at: usize) -> Option<usize> {
    match source.get(at + 1)? {
        b'/' => {
            let rest = &source[at..];
            // A carriage return ends it for the grammar, too.
            Some(at + memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()))
        }
        b'*' => memchr::memmem::find(&source[at + 2..], b"*/").map(|found| at + found + 4),
        _ => None,
    }
}

/// Whether a byte may stand in a name.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

/// Whether what stands at `at` would belong to a name or a number before it.
fn goes_on(source: &[u8], at: usize) -> bool {
    source.get(at).is_some_and(|&byte| is_name_byte(byte) || byte == b'\\' || !byte.is_ascii())
}

fn kind(source: &[u8], at: usize) -> (Tok, usize) {
    let Some(&first) = source.get(at) else { return (Tok::End, at) };
    let next = source.get(at + 1).copied().unwrap_or(0);
    let third = source.get(at + 2).copied().unwrap_or(0);
    let fourth = source.get(at + 3).copied().unwrap_or(0);
    let (tok, length) = match first {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => return word(source, at),
        b'0'..=b'9' => return number(source, at),
        b'.' if next.is_ascii_digit() => return number(source, at),
        b'"' | b'\'' => return string(source, at),
        b'#' => {
            let end = name_end(source, at + 1);
            let is_name = end > at + 1 && !next.is_ascii_digit() && !goes_on(source, end);
            return (if is_name { Tok::Private } else { Tok::Bad }, end);
        }
        b'`' => (Tok::Backtick, 1),
        b'{' => (Tok::OpenBrace, 1),
        b'}' => (Tok::CloseBrace, 1),
        b'(' => (Tok::OpenParen, 1),
        b')' => (Tok::CloseParen, 1),
        b'[' => (Tok::OpenBracket, 1),
        b']' => (Tok::CloseBracket, 1),
        b';' => (Tok::Semicolon, 1),
        b',' => (Tok::Comma, 1),
        b':' => (Tok::Colon, 1),
        b'~' => (Tok::Tilde, 1),
        b'@' => (Tok::At, 1),
        b'.' if (next, third) == (b'.', b'.') => (Tok::Spread, 3),
        b'.' => (Tok::Dot, 1),
        b'?' => match (next, third) {
            (b'?', b'=') => (Tok::AugmentedAssign, 3),
            (b'?', _) => (Tok::Coalesce, 2),
            (b'.', b'0'..=b'9') => (Tok::Question, 1),
            (b'.', _) => (Tok::OptionalChain, 2),
            _ => (Tok::Question, 1),
        },
        b'=' => match (next, third) {
            (b'=', b'=') => (Tok::Equality, 3),
            (b'=', _) => (Tok::Equality, 2),
            (b'>', _) => (Tok::Arrow, 2),
            _ => (Tok::Assign, 1),
        },
        b'!' => match (next, third) {
            (b'=', b'=') => (Tok::Equality, 3),
            (b'=', _) => (Tok::Equality, 2),
            _ => (Tok::Not, 1),
        },
        b'+' => match next {
            b'+' => (Tok::Increment, 2),
            b'=' => (Tok::AugmentedAssign, 2),
            _ => (Tok::Plus, 1),
        },
        b'-' => match (next, third) {
            // The end of a comment of HTML's.
            (b'-', b'>') => (Tok::Bad, 3),
            (b'-', _) => (Tok::Increment, 2),
            (b'=', _) => (Tok::AugmentedAssign, 2),
            _ => (Tok::Minus, 1),
        },
        b'*' => match (next, third) {
            (b'*', b'=') => (Tok::AugmentedAssign, 3),
            (b'*', _) => (Tok::Power, 2),
            (b'=', _) => (Tok::AugmentedAssign, 2),
            _ => (Tok::Star, 1),
        },
        b'/' if next == b'=' => (Tok::AugmentedAssign, 2),
        b'/' => (Tok::Slash, 1),
        b'%' if next == b'=' => (Tok::AugmentedAssign, 2),
        b'%' => (Tok::Percent, 1),
        b'^' if next == b'=' => (Tok::AugmentedAssign, 2),
        b'^' => (Tok::Caret, 1),
        b'<' => match (next, third, fourth) {
            (b'!', b'-', b'-') => (Tok::Bad, 4),
            (b'<', b'=', _) => (Tok::AugmentedAssign, 3),
            (b'<', ..) => (Tok::ShiftLeft, 2),
            (b'=', ..) => (Tok::Compare, 2),
            _ => (Tok::Less, 1),
        },
        b'>' => match (next, third, fourth) {
            (b'>', b'>', b'=') => (Tok::AugmentedAssign, 4),
            (b'>', b'>', _) => (Tok::ShiftRight, 3),
            (b'>', b'=', _) => (Tok::AugmentedAssign, 3),
            (b'>', ..) => (Tok::ShiftRight, 2),
            (b'=', ..) => (Tok::Compare, 2),
            _ => (Tok::Greater, 1),
        },
        b'&' => match (next, third) {
            (b'&', b'=') => (Tok::AugmentedAssign, 3),
            (b'&', _) => (Tok::And, 2),
            (b'=', _) => (Tok::AugmentedAssign, 2),
            _ => (Tok::Ampersand, 1),
        },
        b'|' => match (next, third) {
            (b'|', b'=') => (Tok::AugmentedAssign, 3),
            (b'|', _) => (Tok::Or, 2),
            (b'=', _) => (Tok::AugmentedAssign, 2),
            _ => (Tok::Bar, 1),
        },
        _ => (Tok::Bad, 1),
    };
    (tok, at + length)
}

fn name_end(source: &[u8], from: usize) -> usize {
    source[from..].iter().position(|&byte| !is_name_byte(byte)).map_or(source.len(), |length| from + length)
}

fn word(source: &[u8], at: usize) -> (Tok, usize) {
    let end = name_end(source, at);
    if goes_on(source, end) {
        return (Tok::Bad, end);
    }
    let text = &source[at..end];
    let tok = match text.len() {
        2 => match text {
            b"do" => Tok::Do,
            b"if" => Tok::If,
            b"in" => Tok::In,
            _ => Tok::Name,
        },
        3 => match text {
            b"for" => Tok::For,
            b"new" => Tok::New,
            b"try" => Tok::Try,
            b"var" => Tok::Var,
            _ => Tok::Name,
        },
        4 => match text {
            b"case" => Tok::Case,
            b"else" => Tok::Else,
            b"null" => Tok::Null,
            b"this" => Tok::This,
            b"true" => Tok::True,
            b"void" => Tok::Void,
            b"with" => Tok::With,
            _ => Tok::Name,
        },
        5 => match text {
            b"break" => Tok::Break,
            b"catch" => Tok::Catch,
            b"class" => Tok::Class,
            b"const" => Tok::Const,
            b"false" => Tok::False,
            b"super" => Tok::Super,
            b"throw" => Tok::Throw,
            b"while" => Tok::While,
            _ => Tok::Name,
        },
        6 => match text {
            b"delete" => Tok::Delete,
            b"export" => Tok::Export,
            b"import" => Tok::Import,
            b"return" => Tok::Return,
            b"switch" => Tok::Switch,
            b"typeof" => Tok::Typeof,
            _ => Tok::Name,
        },
        7 => match text {
            b"default" => Tok::Default,
            b"extends" => Tok::Extends,
            b"finally" => Tok::Finally,
            _ => Tok::Name,
        },
        8 => match text {
            b"continue" => Tok::Continue,
            b"debugger" => Tok::Debugger,
            b"function" => Tok::Function,
            _ => Tok::Name,
        },
        10 if text == b"instanceof" => Tok::Instanceof,
        _ => Tok::Name,
    };
    (tok, end)
}

/// Where digits end that single underscores may part; nothing if there are none.
fn digits(source: &[u8], from: usize, is_digit: fn(&u8) -> bool) -> Option<usize> {
    let mut at = from;
    loop {
        let start = at;
        while source.get(at).is_some_and(is_digit) {
            at += 1;
        }
        if at == start {
            return None;
        }
        if source.get(at) != Some(&b'_') {
            return Some(at);
        }
        at += 1;
    }
}

fn number(source: &[u8], at: usize) -> (Tok, usize) {
    match number_end(source, at) {
        Some(end) if !goes_on(source, end) => (Tok::Number, end),
        _ => (Tok::Bad, at + 1),
    }
}

fn number_end(source: &[u8], at: usize) -> Option<usize> {
    let is_big = |end: usize| if source.get(end) == Some(&b'n') { end + 1 } else { end };
    if source[at] == b'0' {
        match source.get(at + 1) {
            Some(b'x' | b'X') => return digits(source, at + 2, u8::is_ascii_hexdigit).map(is_big),
            Some(b'b' | b'B') => return digits(source, at + 2, |byte| matches!(byte, b'0' | b'1')).map(is_big),
            Some(b'o' | b'O') => return digits(source, at + 2, |byte| matches!(byte, b'0'..=b'7')).map(is_big),
            // Octal numbers of old.
            Some(b'0'..=b'9' | b'_') => return None,
            _ => {}
        }
    }
    let mut end = at;
    if source[at] != b'.' {
        end = digits(source, at, u8::is_ascii_digit)?;
        if source.get(end) == Some(&b'n') {
            return Some(end + 1);
        }
    }
    if source.get(end) == Some(&b'.') {
        end += 1;
        if source.get(end).is_some_and(u8::is_ascii_digit) {
            end = digits(source, end, u8::is_ascii_digit)?;
        }
    }
    if matches!(source.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(source.get(end + 1), Some(b'+' | b'-')));
        end = digits(source, end + 1 + sign, u8::is_ascii_digit)?;
    }
    Some(end)
}

fn string(source: &[u8], at: usize) -> (Tok, usize) {
    let quote = source[at];
    let mut end = at + 1;
    loop {
        match source.get(end) {
            Some(&byte) if byte == quote => return (Tok::String, end + 1),
            Some(b'\\') => match escape_end(source, end) {
                Some(next) => end = next,
                None => return (Tok::Bad, end),
            },
            None | Some(b'\n' | b'\r') => return (Tok::Bad, end),
            Some(_) => end += 1,
        }
    }
}

/// Where the escape ends that begins at `at`, if the grammar knows it.
pub(super) fn escape_end(source: &[u8], at: usize) -> Option<usize> {
    let hex = |from: usize, count: usize| {
        let all = source.get(from..from + count)?;
        all.iter().all(u8::is_ascii_hexdigit).then_some(from + count)
    };
    match source.get(at + 1)? {
        b'x' => hex(at + 2, 2),
        b'u' if source.get(at + 2) == Some(&b'{') => {
            let end = digits(source, at + 3, u8::is_ascii_hexdigit)?;
            (source.get(end) == Some(&b'}') && !source[at..end].contains(&b'_')).then_some(end + 1)
        }
        b'u' => hex(at + 2, 4),
        b'\r' if source.get(at + 2) == Some(&b'\n') => Some(at + 3),
        0 => None,
        _ => Some(at + 2),
    }
}

/// Where the pattern and the flags of a regular expression end that begins at `at`.
pub(super) fn regex_end(source: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 1;
    let mut in_class = false;
    loop {
        match source.get(end)? {
            b'\n' | b'\r' => return None,
            b'\\' if source.get(end + 1).is_some_and(|&next| next != b'\n' && next != b'\r') => end += 1,
            b'\\' => return None,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => break,
            _ => {}
        }
        end += 1;
    }
    if end == at + 1 {
        return None;
    }
    end += 1;
    while source.get(end).is_some_and(u8::is_ascii_lowercase) {
        end += 1;
    }
    (!goes_on(source, end)).then_some(end)
}
