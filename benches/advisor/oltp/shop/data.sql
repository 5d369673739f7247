INSERT INTO customers
SELECT n, 'user' || n || '@example.com', 'Customer ' || n, chr(65 + (random() ^ 3 * 20)::int) || 'X', '+49' || (n * 7919 % 1000003),
    timestamp '2019-01-01' + n * interval '40 minutes', random() < 0.01
FROM generate_series(1, 40000) AS n;

INSERT INTO addresses
SELECT n, n % 40000 + 1, 'City ' || (random() ^ 2 * 900)::int, lpad((random() * 99999)::int::text, 5, '0')
FROM generate_series(1, 60000) AS n;

INSERT INTO categories SELECT n, CASE WHEN n > 20 THEN n % 20 + 1 END, 'category-' || n FROM generate_series(1, 300) AS n;

INSERT INTO products
SELECT n, (random() ^ 2 * 299)::int + 1, 'SKU' || lpad(n::text, 7, '0'), 'Product ' || n, (random() ^ 3 * 900 + 1)::numeric(10, 2),
    (random() * 500)::int, random() < 0.9, timestamp '2024-01-01' + random() * interval '300 days'
FROM generate_series(1, 20000) AS n;

INSERT INTO orders
SELECT n, (random() ^ 2 * 39999)::int + 1, n % 60000 + 1, 'R' || lpad(n::text, 8, '0'),
    (ARRAY['done', 'done', 'done', 'done', 'done', 'done', 'shipped', 'paid', 'open', 'cancelled'])[(random() * 9)::int + 1],
    (random() ^ 2 * 900)::numeric(12, 2), timestamp '2020-01-01' + n * interval '12 minutes', timestamp '2020-01-03' + n * interval '12 minutes'
FROM generate_series(1, 200000) AS n;

INSERT INTO order_lines
SELECT n, line, (random() ^ 3 * 19999)::int + 1, (random() * 4)::int + 1, (random() * 200)::numeric(10, 2)
FROM generate_series(1, 200000) AS n, generate_series(1, 2) AS line;

INSERT INTO payments
SELECT n, n, md5(n::text), CASE WHEN random() < 0.97 THEN 'settled' ELSE 'failed' END, (random() * 900)::numeric(12, 2),
    timestamp '2020-01-01' + n * interval '12 minutes'
FROM generate_series(1, 190000) AS n;

INSERT INTO reviews
SELECT n, (random() ^ 3 * 19999)::int + 1, (random() ^ 2 * 39999)::int + 1, (random() * 4)::int + 1, repeat('fine ', (random() * 30)::int),
    timestamp '2021-01-01' + n * interval '25 minutes'
FROM generate_series(1, 80000) AS n;

INSERT INTO carts
SELECT md5(n::text)::uuid, CASE WHEN n % 3 = 0 THEN (random() * 39999)::int + 1 END, timestamp '2024-06-01' + n * interval '3 minutes'
FROM generate_series(1, 50000) AS n;
