-- Twenty steps of a migration of PostgreSQL 15 on tables in use. Above each stands whether it holds others up for
-- as long as the table is large.

-- slow: writers wait until the index is built
CREATE INDEX reviews_stars ON reviews (stars);

-- fine: the table is new
CREATE TABLE coupons (id bigint PRIMARY KEY, code text NOT NULL, customer_id bigint);

-- fine: on the new table
CREATE INDEX coupons_code ON coupons (code);

-- slow: every row is written again
ALTER TABLE orders ALTER COLUMN total TYPE double precision;

-- fine: only the definition changes
ALTER TABLE customers ALTER COLUMN phone TYPE varchar(40);

-- slow: each row gets another value, so all are written
ALTER TABLE events ADD COLUMN token uuid DEFAULT gen_random_uuid();

-- fine: a constant default is kept apart since version 11
ALTER TABLE events ADD COLUMN source text DEFAULT 'web';

-- slow: all rows are read under a lock that stops everything
ALTER TABLE customers ALTER COLUMN phone SET NOT NULL;

-- fine: only the definition changes
ALTER TABLE customers ALTER COLUMN country SET DEFAULT 'DE';

-- slow: all rows are checked while both tables are locked
ALTER TABLE reviews ADD CONSTRAINT reviews_customer FOREIGN KEY (customer_id) REFERENCES customers (id);

-- fine: to be validated later, without the lock
ALTER TABLE reviews ADD CONSTRAINT reviews_product FOREIGN KEY (product_id) REFERENCES products (id) NOT VALID;

-- slow: all rows are checked under the lock
ALTER TABLE items ADD CONSTRAINT items_quantity CHECK (quantity > 0);

-- fine: not checked yet
ALTER TABLE items ADD CONSTRAINT items_line CHECK (line > 0) NOT VALID;

-- slow: writers wait until the index of the constraint is built
ALTER TABLE products ADD CONSTRAINT products_name_key UNIQUE (name, category_id);

-- fine: a column without a default
ALTER TABLE orders ADD COLUMN paid_at timestamptz;

-- slow: all rows in one transaction
UPDATE orders SET paid_at = created_at;

-- fine: a nullable column goes in no time
ALTER TABLE products DROP COLUMN attributes;

-- fine: a name changes
ALTER TABLE customers RENAME COLUMN phone TO telephone;

-- slow: every row is written again
ALTER TABLE events ADD COLUMN day date GENERATED ALWAYS AS ((at AT TIME ZONE 'UTC')::date) STORED;

-- fine: an index of the new table goes
DROP INDEX coupons_code;
