INSERT INTO tenants SELECT n, 'tenant' || n || '.example' FROM generate_series(1, 1500) AS n;

INSERT INTO agents SELECT n, n % 1500 + 1, 'agent' || n || '@desk.example', random() < 0.8 FROM generate_series(1, 12000) AS n;

INSERT INTO tickets
SELECT n, (random() ^ 2 * 1499)::int + 1, CASE WHEN n % 5 > 0 THEN (random() ^ 2 * 11999)::int + 1 END, 'person' || (n * 7919 % 60013) || '@mail.example',
    (ARRAY['closed', 'closed', 'closed', 'closed', 'closed', 'closed', 'closed', 'pending', 'open', 'new'])[(random() * 9)::int + 1],
    (random() ^ 2 * 4)::int, 'Subject ' || n, timestamp '2021-01-01' + n * interval '9 minutes', timestamp '2021-01-08' + n * interval '9 minutes'
FROM generate_series(1, 180000) AS n;

INSERT INTO messages
SELECT n, (random() ^ 1.5 * 179999)::int + 1, md5(n::text), timestamp '2021-01-01' + n * interval '5 minutes', repeat('word ', (random() * 40)::int)
FROM generate_series(1, 300000) AS n;

INSERT INTO attachments SELECT n, (random() * 299999)::int + 1, md5((n % 50000)::text), (random() ^ 3 * 10000000)::bigint FROM generate_series(1, 90000) AS n;

INSERT INTO jobs
SELECT n, 'queue' || (random() ^ 2 * 12)::int, timestamp '2024-01-01' + n * interval '10 seconds', CASE WHEN n < 99000 THEN 'worker' || n % 7 END, (random() ^ 4 * 5)::int, '{}'
FROM generate_series(1, 100000) AS n;

INSERT INTO audit_log
SELECT n, (random() ^ 2 * 1499)::int + 1, (random() ^ 2 * 11999)::int + 1, (ARRAY['ticket', 'agent', 'message'])[(random() * 2)::int + 1], (random() * 179999)::int + 1,
    timestamp '2021-01-01' + n * interval '4 minutes'
FROM generate_series(1, 350000) AS n;
