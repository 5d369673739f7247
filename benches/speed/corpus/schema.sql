CREATE TABLE customer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE
);

CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    created timestamptz NOT NULL DEFAULT now(),
    total numeric(10, 2) NOT NULL CHECK (total >= 0)
);

CREATE INDEX orders_created ON orders USING btree (created DESC);

CREATE VIEW big_orders AS
SELECT o.id, c.name, o.total
FROM orders o
JOIN customer c ON c.id = o.customer_id
WHERE o.total > 1000;

INSERT INTO customer (name, email) VALUES ('Ada', 'ada@example.org'), ('Grace', 'grace@example.org');

SELECT * FROM orders WHERE date(created) = current_date ORDER BY total DESC LIMIT 20 OFFSET 200;

DELETE FROM orders WHERE customer_id NOT IN (SELECT id FROM customer);
