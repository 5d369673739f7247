CREATE TABLE members (
    id int PRIMARY KEY,
    login text NOT NULL,
    mail text NOT NULL,
    karma int NOT NULL,
    joined date NOT NULL
);

CREATE TABLE boards (
    id int PRIMARY KEY,
    slug text NOT NULL,
    position int NOT NULL
);

CREATE TABLE threads (
    id int PRIMARY KEY,
    board_id int NOT NULL REFERENCES boards (id),
    author_id int NOT NULL REFERENCES members (id),
    title text NOT NULL,
    is_pinned boolean NOT NULL,
    last_post_at timestamp NOT NULL
);

CREATE TABLE posts (
    id int PRIMARY KEY,
    thread_id int NOT NULL REFERENCES threads (id),
    author_id int NOT NULL REFERENCES members (id),
    reply_to int REFERENCES posts (id),
    body text NOT NULL,
    posted_at timestamp NOT NULL
);

CREATE TABLE votes (
    post_id int NOT NULL REFERENCES posts (id),
    member_id int NOT NULL REFERENCES members (id),
    value int NOT NULL,
    PRIMARY KEY (post_id, member_id)
);

CREATE TABLE tags (
    id int PRIMARY KEY,
    label text NOT NULL
);

CREATE TABLE thread_tags (
    thread_id int NOT NULL REFERENCES threads (id),
    tag_id int NOT NULL REFERENCES tags (id),
    PRIMARY KEY (thread_id, tag_id)
);

CREATE TABLE notifications (
    id bigint PRIMARY KEY,
    member_id int NOT NULL REFERENCES members (id),
    post_id int NOT NULL REFERENCES posts (id),
    seen boolean NOT NULL,
    made_at timestamp NOT NULL
);

CREATE TABLE sessions (
    token text PRIMARY KEY,
    member_id int NOT NULL REFERENCES members (id),
    expires_at timestamp NOT NULL
);
