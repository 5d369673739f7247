CREATE TABLE customers (
    id bigint PRIMARY KEY,
    email text NOT NULL,
    full_name text NOT NULL,
    country char(2) NOT NULL,
    phone text,
    created_at timestamp NOT NULL,
    is_blocked boolean NOT NULL
);

CREATE TABLE addresses (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    city text NOT NULL,
    postcode text NOT NULL
);

CREATE TABLE categories (
    id int PRIMARY KEY,
    parent_id int REFERENCES categories (id),
    slug text NOT NULL
);

CREATE TABLE products (
    id bigint PRIMARY KEY,
    category_id int NOT NULL REFERENCES categories (id),
    sku text NOT NULL,
    title text NOT NULL,
    price numeric(10, 2) NOT NULL,
    stock int NOT NULL,
    is_active boolean NOT NULL,
    updated_at timestamp NOT NULL
);

CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    address_id bigint NOT NULL REFERENCES addresses (id),
    number text NOT NULL,
    status text NOT NULL,
    total numeric(12, 2) NOT NULL,
    placed_at timestamp NOT NULL,
    shipped_at timestamp
);

CREATE TABLE order_lines (
    order_id bigint NOT NULL REFERENCES orders (id),
    line_no int NOT NULL,
    product_id bigint NOT NULL REFERENCES products (id),
    quantity int NOT NULL,
    price numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, line_no)
);

CREATE TABLE payments (
    id bigint PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders (id),
    reference text NOT NULL,
    state text NOT NULL,
    amount numeric(12, 2) NOT NULL,
    paid_at timestamp
);

CREATE TABLE reviews (
    id bigint PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES products (id),
    customer_id bigint NOT NULL REFERENCES customers (id),
    stars int NOT NULL,
    body text NOT NULL,
    written_at timestamp NOT NULL
);

CREATE TABLE carts (
    id uuid PRIMARY KEY,
    customer_id bigint REFERENCES customers (id),
    touched_at timestamp NOT NULL
);
