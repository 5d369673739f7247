//! The servers that run the SQL, as far as a project tells of them: which product, in which version.

use super::Dialect;

/// What makers call their database, where databases of one dialect differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Product {
    /// PostgreSQL.
    PostgreSql,
    /// MySQL.
    MySql,
    /// MariaDB.
    MariaDb,
    /// SQLite.
    Sqlite,
}

impl Product {
    /// The product with this name, which may be the name of its dialect; `None` for those of which no rule asks.
    pub fn from_name(name: &str) -> Option<Product> {
        if name.eq_ignore_ascii_case("mariadb") {
            return Some(Product::MariaDb);
        }
        match Dialect::from_name(name)? {
            Dialect::PostgreSql => Some(Product::PostgreSql),
            Dialect::MySql => Some(Product::MySql),
            Dialect::Sqlite => Some(Product::Sqlite),
            _ => None,
        }
    }

    /// The SQL that it speaks.
    pub fn dialect(self) -> Dialect {
        match self {
            Product::PostgreSql => Dialect::PostgreSql,
            Product::MySql | Product::MariaDb => Dialect::MySql,
            Product::Sqlite => Dialect::Sqlite,
        }
    }
}

/// A version: up to three numbers. What is not told is the newest there is: `8.0` stands for the last of 8.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version([Option<u16>; 3]);

impl Version {
    /// Reads `15`, `10.11`, `8.0.36`; `None` if it is something else.
    pub fn parse(text: &str) -> Option<Version> {
        let mut parts = [None; 3];
        let mut given = text.split('.');
        for (part, number) in parts.iter_mut().zip(given.by_ref()) {
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            *part = Some(number.parse().ok().filter(|_| is_number)?);
        }
        given.next().is_none().then_some(Version(parts))
    }

    /// Whether it is older than the version of these numbers.
    pub fn is_before(self, other: &[u16]) -> bool {
        let differs = self.0.iter().zip(other).find(|(own, other)| own.is_none_or(|own| own != **other));
        differs.is_some_and(|(own, other)| own.is_some_and(|own| own < *other))
    }
}

/// One server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Server {
    /// Which product.
    pub product: Product,
    /// In which version, if that is told.
    pub version: Option<Version>,
}

/// All servers that a project tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servers(Vec<Server>);

impl Servers {
    /// These, each once, in order.
    pub fn new(servers: impl IntoIterator<Item = Server>) -> Servers {
        let mut all: Vec<Server> = servers.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        Servers(all)
    }

    /// Whether all servers of a dialect are so (`Some(true)`), or none of them is (`Some(false)`). `None` if there is
    /// no telling: no server is known, one has no version, or they differ.
    pub fn all(&self, dialect: Dialect, is_so: impl Fn(Product, Version) -> bool) -> Option<bool> {
        let own = self.0.iter().filter(|server| server.product.dialect() == dialect);
        let mut answers = own.map(|server| server.version.map(|version| is_so(server.product, version)));
        let first = answers.next()??;
        answers.all(|answer| answer == Some(first)).then_some(first)
    }
}

/// The server that runs in a container of this image: `postgres:15-alpine`, `docker.io/library/mariadb:10.11`,
/// `postgis/postgis:14-3.4`. `None` if it is none, or not plain to see.
pub(crate) fn of_image(image: &str) -> Option<Server> {
    let image = image.trim().trim_matches(['"', '\'']);
    // `${POSTGRES_IMAGE:-postgres:15}`: what it is unless somebody says otherwise.
    let image = match image.strip_prefix("${") {
        Some(rest) => rest.split_once(":-")?.1.trim_end_matches('}'),
        None => image,
    };
    let plain = image.split('@').next()?;
    let (name, tag) = match plain.split_once("${") {
        Some((before, _)) if before.ends_with(':') => (before.trim_end_matches(':'), &plain[before.len()..]),
        Some(_) => return None,
        None => match plain.rsplit('/').next()?.split_once(':') {
            Some((_, tag)) => (&plain[..plain.len() - tag.len() - 1], tag),
            None => (plain, ""),
        },
    };
    let product = match name.rsplit('/').next()? {
        "postgres" | "postgresql" | "postgis" | "pgvector" => Product::PostgreSql,
        "mysql" | "mysql-server" => Product::MySql,
        "mariadb" => Product::MariaDb,
        _ => return None,
    };
    let tag = match tag.strip_prefix("${") {
        Some(variable) => variable.split_once(":-").map_or("", |(_, default)| default),
        None => tag,
    };
    let tag = tag.strip_prefix("pg").unwrap_or(tag);
    let end = tag.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(tag.len());
    Some(Server { product, version: Version::parse(tag[..end].trim_end_matches('.')) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn what_is_not_told_is_the_newest() {
        assert!(version("10.11").is_before(&[11, 1]));
        assert!(version("11.0").is_before(&[11, 1]));
        assert!(!version("11").is_before(&[11, 1]));
        assert!(!version("11.1.2").is_before(&[11, 1]));
        assert!(version("5.7").is_before(&[8, 0, 21]));
        assert!(version("8.0.20").is_before(&[8, 0, 21]));
        assert!(!version("8.0").is_before(&[8, 0, 21]));
        assert!(!version("8.4").is_before(&[8, 0, 21]));
        for text in ["", "latest", "15.", "1.2.3.4", "+5"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn images() {
        let server = |product, text: &str| Some(Server { product, version: Version::parse(text) });
        for (image, product, text) in [
            ("postgres:15-alpine", Product::PostgreSql, "15"),
            ("\"postgres:15.3\"", Product::PostgreSql, "15.3"),
            ("postgres", Product::PostgreSql, ""),
            ("postgres:latest", Product::PostgreSql, ""),
            ("postgres:${{ matrix.postgres }}", Product::PostgreSql, ""),
            ("docker.io/postgres:${POSTGRES_VERSION:-17}", Product::PostgreSql, "17"),
            ("${POSTGRES_IMAGE:-postgres:16}", Product::PostgreSql, "16"),
            ("localhost:5000/postgis/postgis:14-3.4", Product::PostgreSql, "14"),
            ("pgvector/pgvector:pg16", Product::PostgreSql, "16"),
            ("mysql:5.7", Product::MySql, "5.7"),
            ("docker.io/library/mariadb:10.11@sha256:00", Product::MariaDb, "10.11"),
        ] {
            assert_eq!(of_image(image), server(product, text), "{image}");
        }
        for image in ["redis:7", "postgres-backup:15", "app/mysql-exporter:1", "${IMAGE}"] {
            assert_eq!(of_image(image), None, "{image}");
        }
    }

    #[test]
    fn servers_that_differ_tell_nothing() {
        let is_old = |servers: &str| {
            Servers::new(servers.split_whitespace().filter_map(of_image))
                .all(Dialect::MySql, |_, version| version.is_before(&[8, 0, 21]))
        };
        assert_eq!(is_old("mysql:5.7 postgres:15"), Some(true));
        assert_eq!(is_old("mysql:8.4"), Some(false));
        assert_eq!(is_old("mysql:5.7 mysql:8.4"), None);
        assert_eq!(is_old("mysql:5.7 mysql:latest"), None);
        assert_eq!(is_old("postgres:15"), None);
    }
}
