-- Eighty statements of an application on PostgreSQL. Above each stands whether it reads far more than it gives
-- back, now or when the tables have grown, and why; `fine` are those that look alike and do not.

-- fine: by the primary key
SELECT id, email, name FROM customers WHERE id = $1;

-- slow: no index on the column
SELECT id, email FROM customers WHERE phone = $1;

-- fine: by a unique column
SELECT id, name FROM customers WHERE email = $1;

-- slow: the index is on the column, not on its lower case
SELECT id FROM customers WHERE lower(email) = $1;

-- fine: an index on the expression
SELECT id FROM customers WHERE lower(name) = $1;

-- slow: a leading wildcard, no trigram index
SELECT id, email FROM customers WHERE email LIKE '%@example.com';

-- fine: a trigram index serves it
SELECT id, name FROM products WHERE name ILIKE '%' || $1 || '%';

-- slow: a wildcard on both sides
SELECT id FROM orders WHERE note ILIKE '%' || $1 || '%';

-- fine: the text has no wildcard in front, and the index of the kind and time finds the few rows first
SELECT id FROM events WHERE kind = 'login' AND at > now() - interval '1 hour' AND payload::text LIKE 'x%';

-- slow: a cast of the column hides it from its index
SELECT id, total FROM orders WHERE created_at::date = $1;

-- fine: the same as a range
SELECT id, total FROM orders WHERE created_at >= $1::date AND created_at < $1::date + 1;

-- slow: a function of the column
SELECT count(*) FROM orders WHERE date_trunc('day', created_at) = $1;

-- fine: the function is on the other side
SELECT count(*) FROM orders WHERE created_at >= date_trunc('day', now());

-- slow: arithmetic on the column
SELECT id FROM orders WHERE created_at + interval '30 days' > now();

-- fine: arithmetic on the constant
SELECT id FROM orders WHERE created_at > now() - interval '30 days';

-- slow: COALESCE around the column
SELECT id FROM orders WHERE coalesce(code, '') = $1;

-- fine: COALESCE where rows are shown
SELECT id, coalesce(note, '') FROM orders WHERE code = $1;

-- slow: reads and throws away a hundred thousand rows
SELECT id, total FROM orders ORDER BY created_at, id LIMIT 50 OFFSET 100000;

-- fine: keyset pagination on the index
SELECT id, total FROM orders WHERE (customer_id, created_at) > ($1, $2) ORDER BY customer_id, created_at LIMIT 50;

-- slow: a page by its number
SELECT id, kind FROM events WHERE kind = $1 ORDER BY at LIMIT 50 OFFSET $2;

-- fine: ten rows are skipped
SELECT id, kind FROM events WHERE kind = $1 ORDER BY at LIMIT 10 OFFSET 10;

-- slow: for each customer all reviews are read
SELECT c.id, (SELECT count(*) FROM reviews r WHERE r.customer_id = c.id) AS reviews FROM customers c;

-- fine: for one customer, by index
SELECT c.id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) AS orders FROM customers c WHERE c.id = $1;

-- slow: the newest orders of each status, by a subquery that runs for each order
SELECT o.id FROM orders o WHERE o.created_at = (SELECT max(i.created_at) FROM orders i WHERE i.status = o.status);

-- fine: the subquery runs once
SELECT id FROM orders WHERE created_at = (SELECT max(created_at) FROM orders);

-- fine: planners make a semi-join of it
SELECT c.id FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.status = 'open');

-- slow: one NULL among the customers of reviews makes it empty, and it is no anti-join
SELECT id FROM customers WHERE id NOT IN (SELECT customer_id FROM reviews);

-- fine: an anti-join
SELECT c.id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id);

-- slow: an OR over two tables
SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.code = $1 OR c.email = $2;

-- fine: an OR over one table, both sides by index
SELECT id FROM orders WHERE code = $1 OR customer_id = $2;

-- slow: one side has no index, so all rows are read
SELECT id FROM orders WHERE code = $1 OR note = $2;

-- slow: sorts the whole table for ten rows
SELECT id, stars FROM reviews ORDER BY made_at DESC LIMIT 10;

-- fine: the index is read backwards
SELECT id, email FROM customers ORDER BY created_at DESC LIMIT 10;

-- slow: the order of nulls is not that of the index
SELECT id FROM customers ORDER BY created_at DESC NULLS LAST LIMIT 10;

-- fine: that is the index's order
SELECT id FROM customers ORDER BY created_at ASC NULLS LAST LIMIT 10;

-- slow: every row gets a random number and is sorted
SELECT id, name FROM products ORDER BY random() LIMIT 5;

-- fine: the first of a few rows that an index finds
SELECT line, quantity FROM items WHERE order_id = $1 ORDER BY line LIMIT 5;

-- slow: counts all to know whether there is one
SELECT (SELECT count(*) FROM events WHERE kind = $1) > 0;

-- fine: stops at the first
SELECT EXISTS (SELECT 1 FROM events WHERE kind = $1);

-- slow: no condition connects the two tables
SELECT c.name, p.name FROM customers c, products p WHERE c.country = 'DE' AND p.price > 100;

-- fine: a list of all pairs of one row and a small table
SELECT c.name, k.name FROM customers c CROSS JOIN categories k WHERE c.id = $1;

-- slow: the parameter decides the plan, and the general one reads all
SELECT id FROM orders WHERE ($1::text IS NULL OR code = $1);

-- fine: a constant tells which
SELECT id FROM orders WHERE code = $1 AND ($2::text IS NULL OR status = $2);

-- slow: bigint is compared as a fraction
SELECT id, total FROM orders WHERE id = 777.0;

-- fine: a whole number
SELECT id, total FROM orders WHERE id = 777;

-- fine: a fraction for a fraction, among the orders of one customer
SELECT id FROM orders WHERE customer_id = $1 AND total = 9.5;

-- slow: materialised before it is narrowed
WITH recent AS MATERIALIZED (SELECT * FROM orders) SELECT id FROM recent WHERE code = $1;

-- fine: inlined
WITH recent AS (SELECT id, code FROM orders) SELECT id FROM recent WHERE code = $1;

-- slow: duplicates of disjoint lists are looked for
SELECT id, 'order' AS what FROM orders WHERE created_at > $1 UNION SELECT id, 'event' AS what FROM events WHERE kind = $2;

-- fine: nothing is looked for
SELECT id, 'order' AS what FROM orders WHERE created_at > $1 UNION ALL SELECT id, 'event' AS what FROM events WHERE kind = $2;

-- slow: the rows have a key, so all differ already
SELECT DISTINCT id, email, name FROM customers;

-- fine: the few states of one customer's orders
SELECT DISTINCT status FROM orders WHERE customer_id = $1;

-- slow: changes every row
UPDATE customers SET country = upper(country);

-- fine: one row
UPDATE customers SET country = $2 WHERE id = $1;

-- slow: removes every row, one by one
DELETE FROM events;

-- fine: by index
DELETE FROM events WHERE kind = 'debug' AND at < now() - interval '7 days';

-- slow: joined on a column that no index serves
SELECT r.stars, p.name FROM products p JOIN reviews r ON r.product_id = p.id WHERE p.sku = $1;

-- fine: joined on an index
SELECT i.quantity, p.name FROM products p JOIN items i ON i.product_id = p.id WHERE p.sku = $1;

-- slow: a JSON key of every row
SELECT id FROM products WHERE attributes ->> 'colour' = $1;

-- fine: the GIN index knows what contains what
SELECT id FROM products WHERE tags @> $1;

-- slow: the second column of the index alone
SELECT id FROM events WHERE at > now() - interval '1 minute';

-- fine: both columns
SELECT id FROM events WHERE kind = 'order.paid' AND at > now() - interval '1 minute';

-- fine: the partial index serves exactly this
SELECT id FROM orders WHERE status = 'open' AND shipped_at < $1;

-- slow: the partial index does not hold these
SELECT id FROM orders WHERE status = 'lost' AND shipped_at < $1;

-- fine: a small table
SELECT id FROM categories WHERE name LIKE '%shoes%' LIMIT 20;

-- slow: the keyset as an OR walks the index from its start
SELECT id FROM orders WHERE customer_id > $1 OR (customer_id = $1 AND created_at > $2) ORDER BY customer_id, created_at LIMIT 50;

-- fine: the joined rows are few
SELECT p.name FROM items i JOIN products p ON p.id = i.product_id WHERE i.order_id = $1 ORDER BY p.name;

-- slow: a condition on a column that the anti-join does not join on
SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL;

-- fine: on the column that it joins on
SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.customer_id IS NULL;

-- slow: nothing equals NULL; all rows are read for none
SELECT id FROM reviews WHERE customer_id = NULL;

-- fine: a test for NULL among the orders of one customer
SELECT id FROM orders WHERE customer_id = $1 AND note IS NULL;

-- fine: all rows are wanted, for each of a few groups
SELECT status, count(*) FROM orders GROUP BY status;

-- slow: a volatile function runs for each row
SELECT id FROM events WHERE id = floor(random() * 1000000)::bigint;

-- fine: it runs once
SELECT id FROM events WHERE id = (SELECT floor(random() * 1000000)::bigint);

-- slow: a running total by a join with all that came before
SELECT a.id, sum(b.total) FROM orders a JOIN orders b ON b.created_at <= a.created_at GROUP BY a.id;

-- fine: a running total by a window over the orders of one customer
SELECT id, sum(total) OVER (ORDER BY created_at) FROM orders WHERE customer_id = $1;

-- slow: the order inside decides nothing and is made anyway
SELECT count(*) FROM (SELECT id FROM reviews ORDER BY made_at) r;

-- fine: the order inside decides which rows
SELECT avg(total) FROM (SELECT total FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 10) last;

-- slow: a prefix, but the index is not for patterns in the usual collation
SELECT id FROM orders WHERE code LIKE 'A7%';

-- fine: a prefix of what an index has found
SELECT id FROM orders WHERE customer_id = $1 AND code LIKE 'A7%';
