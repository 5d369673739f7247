-- PostgreSQL. Every table but `categories` and `settings` holds millions of rows.
CREATE TABLE customers (
    id bigint PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    country text NOT NULL,
    phone varchar(20),
    created_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE INDEX customers_created_at ON customers (created_at);
CREATE INDEX customers_lower_name ON customers (lower(name));

CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    status text NOT NULL,
    code text NOT NULL,
    total numeric NOT NULL,
    note text,
    created_at timestamptz NOT NULL,
    shipped_at timestamptz
);
CREATE INDEX orders_customer_created ON orders (customer_id, created_at);
CREATE INDEX orders_created_at ON orders (created_at);
CREATE INDEX orders_code ON orders (code);
CREATE INDEX orders_open ON orders (shipped_at) WHERE status = 'open';

CREATE TABLE products (
    id bigint PRIMARY KEY,
    sku text NOT NULL UNIQUE,
    name text NOT NULL,
    category_id bigint NOT NULL,
    price numeric NOT NULL,
    tags jsonb NOT NULL,
    attributes jsonb NOT NULL
);
CREATE EXTENSION pg_trgm;
CREATE INDEX products_name_trgm ON products USING gin (name gin_trgm_ops);
CREATE INDEX products_tags ON products USING gin (tags);
CREATE INDEX products_category ON products (category_id);

CREATE TABLE items (
    order_id bigint NOT NULL REFERENCES orders (id),
    line integer NOT NULL,
    product_id bigint NOT NULL REFERENCES products (id),
    quantity integer NOT NULL,
    PRIMARY KEY (order_id, line)
);
CREATE INDEX items_product ON items (product_id);

CREATE TABLE reviews (
    id bigint PRIMARY KEY,
    product_id bigint NOT NULL,
    customer_id bigint,
    stars integer NOT NULL,
    body text NOT NULL,
    made_at timestamptz NOT NULL
);

CREATE TABLE events (
    id bigint PRIMARY KEY,
    kind text NOT NULL,
    subject_id bigint NOT NULL,
    at timestamptz NOT NULL,
    payload jsonb NOT NULL
);
CREATE INDEX events_kind_at ON events (kind, at);

CREATE TABLE categories (
    id bigint PRIMARY KEY,
    parent_id bigint,
    name text NOT NULL UNIQUE
);
CREATE INDEX categories_parent ON categories (parent_id);
