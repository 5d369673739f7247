INSERT INTO members
SELECT n, 'member' || n, 'm' || n || '@forum.example', (random() ^ 4 * 10000)::int, date '2015-01-01' + n / 10
FROM generate_series(1, 30000) AS n;

INSERT INTO boards SELECT n, 'board-' || n, n FROM generate_series(1, 60) AS n;

INSERT INTO threads
SELECT n, (random() ^ 2 * 59)::int + 1, (random() ^ 3 * 29999)::int + 1, 'Thread ' || n, random() < 0.005,
    timestamp '2020-01-01' + n * interval '45 minutes' + random() * interval '10 days'
FROM generate_series(1, 40000) AS n;

INSERT INTO posts
SELECT n, (random() ^ 2 * 39999)::int + 1, (random() ^ 3 * 29999)::int + 1, CASE WHEN n % 4 = 0 THEN n / 2 END,
    repeat('text ', (random() * 40)::int), timestamp '2020-01-01' + n * interval '7 minutes'
FROM generate_series(1, 250000) AS n;

INSERT INTO votes
SELECT DISTINCT (random() ^ 2 * 249999)::int + 1, (random() ^ 2 * 29999)::int + 1, 1 FROM generate_series(1, 300000);

INSERT INTO tags SELECT n, 'tag' || n FROM generate_series(1, 2000) AS n;

INSERT INTO thread_tags SELECT DISTINCT n, (random() ^ 2 * 1999)::int + 1 FROM generate_series(1, 40000) AS n, generate_series(1, 2);

INSERT INTO notifications
SELECT n, (random() ^ 2 * 29999)::int + 1, n % 250000 + 1, random() < 0.95, timestamp '2023-01-01' + n * interval '2 minutes'
FROM generate_series(1, 300000) AS n;

INSERT INTO sessions
SELECT md5(n::text), (random() ^ 2 * 29999)::int + 1, timestamp '2024-01-01' + n * interval '1 minute' FROM generate_series(1, 80000) AS n;
