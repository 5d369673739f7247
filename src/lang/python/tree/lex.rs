//! The tokens of Python, one at a time.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tok {
    /// What is no token, or one that is left to tree-sitter.
    Bad,
    End,
    Newline,
    Name,
    Integer,
    Float,
    /// The prefix and the opening quotes of a string.
    Quote,
    // Keywords.
    And,
    As,
    Assert,
    Async,
    Await,
    Break,
    Class,
    Continue,
    Def,
    Del,
    Elif,
    Else,
    Except,
    False,
    Finally,
    For,
    From,
    Global,
    If,
    Import,
    In,
    Is,
    Lambda,
    None,
    Nonlocal,
    Not,
    Or,
    Pass,
    Raise,
    Return,
    True,
    Try,
    While,
    With,
    Yield,
    // Brackets and marks.
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Comma,
    Colon,
    Walrus,
    Semicolon,
    Dot,
    Ellipsis,
    Arrow,
    At,
    Bang,
    Equals,
    /// `+=` and the like.
    Augmented,
    // Operators.
    Plus,
    Minus,
    Star,
    Power,
    Slash,
    Floor,
    Percent,
    Bar,
    Ampersand,
    Caret,
    Tilde,
    ShiftLeft,
    ShiftRight,
    /// `<`, `==` and the like.
    Compare,
}

/// A token and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) tok: Tok,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Reads the token at or behind `at`. `inside`: of brackets, where lines do not end.
pub(super) fn token(source: &[u8], at: usize, inside: bool) -> Token {
    let (start, is_end_of_line) = skip(source, at, inside);
    let made = |tok: Tok, length: usize| Token { tok, start, end: start + length };
    if is_end_of_line {
        return made(Tok::Newline, 0);
    }
    let byte = |ahead: usize| source.get(start + ahead).copied().unwrap_or(0);
    let Some(&first) = source.get(start) else { return made(Tok::End, 0) };
    let with_equals = |plain: Tok, length: usize| {
        if byte(length) == b'=' { made(Tok::Augmented, length + 1) } else { made(plain, length) }
    };
    match first {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => word(source, start),
        b'0'..=b'9' => number(source, start),
        b'.' if byte(1).is_ascii_digit() => number(source, start),
        b'"' | b'\'' => made(Tok::Quote, quotes(source, start)),
        b'(' => made(Tok::OpenParen, 1),
        b')' => made(Tok::CloseParen, 1),
        b'[' => made(Tok::OpenBracket, 1),
        b']' => made(Tok::CloseBracket, 1),
        b'{' => made(Tok::OpenBrace, 1),
        b'}' => made(Tok::CloseBrace, 1),
        b',' => made(Tok::Comma, 1),
        b':' if byte(1) == b'=' => made(Tok::Walrus, 2),
        b':' => made(Tok::Colon, 1),
        b';' => made(Tok::Semicolon, 1),
        b'.' if byte(1) == b'.' && byte(2) == b'.' => made(Tok::Ellipsis, 3),
        b'.' => made(Tok::Dot, 1),
        b'-' if byte(1) == b'>' => made(Tok::Arrow, 2),
        b'=' | b'!' | b'<' | b'>' if byte(1) == b'=' => made(Tok::Compare, 2),
        b'=' => made(Tok::Equals, 1),
        b'!' => made(Tok::Bang, 1),
        b'<' if byte(1) == b'>' => made(Tok::Bad, 0),
        b'<' if byte(1) == b'<' => with_equals(Tok::ShiftLeft, 2),
        b'>' if byte(1) == b'>' => with_equals(Tok::ShiftRight, 2),
        b'<' | b'>' => made(Tok::Compare, 1),
        b'+' => with_equals(Tok::Plus, 1),
        b'-' => with_equals(Tok::Minus, 1),
        b'*' if byte(1) == b'*' => with_equals(Tok::Power, 2),
        b'*' => with_equals(Tok::Star, 1),
        b'/' if byte(1) == b'/' => with_equals(Tok::Floor, 2),
        b'/' => with_equals(Tok::Slash, 1),
        b'%' => with_equals(Tok::Percent, 1),
        b'@' => with_equals(Tok::At, 1),
        b'|' => with_equals(Tok::Bar, 1),
        b'&' => with_equals(Tok::Ampersand, 1),
        b'^' => with_equals(Tok::Caret, 1),
        b'~' => made(Tok::Tilde, 1),
        _ => made(Tok::Bad, 0),
    }
}

/// Where the next token begins, and whether the line ends before it. A comment belongs to the line that it ends.
fn skip(source: &[u8], mut at: usize, inside: bool) -> (usize, bool) {
    // Where the line ends if nothing follows: where it stands now, or behind a comment.
    let mut end = at;
    loop {
        match source.get(at) {
            Some(b' ' | b'\t') => at += 1,
            Some(b'\r') if source.get(at + 1) == Some(&b'\n') => at += 1,
            Some(b'\n') if inside => at += 1,
            Some(b'\n') => return (end, true),
            Some(b'#') => {
                at = comment_end(source, at);
                end = at;
            }
            Some(b'\\') => match source.get(at + 1..) {
                Some([b'\n', ..]) => at += 2,
                Some([b'\r', b'\n', ..]) => at += 3,
                _ => return (at, false),
            },
            None if !inside => return (end, true),
            _ => return (at, false),
        }
    }
}

/// Where the comment at `at` ends.
pub(super) fn comment_end(source: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &source[at..]).map_or(source.len(), |length| at + length)
}

/// The length of the quotes at `at`: one, or three.
fn quotes(source: &[u8], at: usize) -> usize {
    let quote = source[at];
    if source.get(at + 1) == Some(&quote) && source.get(at + 2) == Some(&quote) { 3 } else { 1 }
}

/// A name, a keyword, or the opening of a string with a prefix.
fn word(source: &[u8], start: usize) -> Token {
    let rest = &source[start..];
    let length = rest.iter().position(|&byte| !byte.is_ascii_alphanumeric() && byte != b'_').unwrap_or(rest.len());
    let text = &rest[..length];
    let made = |tok: Tok, end: usize| Token { tok, start, end };
    match rest.get(length) {
        Some(b'"' | b'\'') if text.iter().all(|byte| b"fFtTrRbBuU".contains(byte)) => {
            made(Tok::Quote, start + length + quotes(source, start + length))
        }
        // Names of other letters are left to tree-sitter.
        Some(128..) => made(Tok::Bad, start),
        _ => made(keyword(text), start + length),
    }
}

fn keyword(text: &[u8]) -> Tok {
    match text {
        b"False" => Tok::False,
        b"None" => Tok::None,
        b"True" => Tok::True,
        b"and" => Tok::And,
        b"as" => Tok::As,
        b"assert" => Tok::Assert,
        b"async" => Tok::Async,
        b"await" => Tok::Await,
        b"break" => Tok::Break,
        b"class" => Tok::Class,
        b"continue" => Tok::Continue,
        b"def" => Tok::Def,
        b"del" => Tok::Del,
        b"elif" => Tok::Elif,
        b"else" => Tok::Else,
        b"except" => Tok::Except,
        b"finally" => Tok::Finally,
        b"for" => Tok::For,
        b"from" => Tok::From,
        b"global" => Tok::Global,
        b"if" => Tok::If,
        b"import" => Tok::Import,
        b"in" => Tok::In,
        b"is" => Tok::Is,
        b"lambda" => Tok::Lambda,
        b"nonlocal" => Tok::Nonlocal,
        b"not" => Tok::Not,
        b"or" => Tok::Or,
        b"pass" => Tok::Pass,
        b"raise" => Tok::Raise,
        b"return" => Tok::Return,
        b"try" => Tok::Try,
        b"while" => Tok::While,
        b"with" => Tok::With,
        b"yield" => Tok::Yield,
        _ => Tok::Name,
    }
}

/// A number as it is usually written; of all others nothing is known.
fn number(source: &[u8], start: usize) -> Token {
    let bad = Token { tok: Tok::Bad, start, end: start };
    let byte = |at: usize| source.get(at).copied().unwrap_or(0);
    let mut at = start;
    let mut tok = Tok::Integer;
    let digits = |mut at: usize, is_digit: fn(u8) -> bool| {
        while is_digit(byte(at)) || (byte(at) == b'_' && is_digit(byte(at + 1))) {
            at += 1;
        }
        at
    };
    let decimal = |byte: u8| byte.is_ascii_digit();
    if byte(at) == b'0' && matches!(byte(at + 1), b'x' | b'X' | b'o' | b'O' | b'b' | b'B') {
        let is_digit: fn(u8) -> bool = match byte(at + 1) {
            b'x' | b'X' => |byte| byte.is_ascii_hexdigit(),
            b'o' | b'O' => |byte| matches!(byte, b'0'..=b'7'),
            _ => |byte| matches!(byte, b'0' | b'1'),
        };
        at = digits(at + 2, is_digit);
        if at == start + 2 {
            return bad;
        }
    } else {
        at = digits(at, decimal);
        if byte(at) == b'.' {
            tok = Tok::Float;
            at = digits(at + 1, decimal);
        }
        if matches!(byte(at), b'e' | b'E') {
            tok = Tok::Float;
            let sign = usize::from(matches!(byte(at + 1), b'+' | b'-'));
            let end = digits(at + 1 + sign, decimal);
            if end == at + 1 + sign {
                return bad;
            }
            at = end;
        }
        at += usize::from(matches!(byte(at), b'j' | b'J'));
    }
    let goes_on = matches!(byte(at), b'.' | b'_' | 128..) || byte(at).is_ascii_alphanumeric();
    if goes_on { bad } else { Token { tok, start, end: at } }
}
