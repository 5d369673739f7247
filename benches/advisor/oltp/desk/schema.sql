CREATE TABLE tenants (
    id int PRIMARY KEY,
    domain text NOT NULL
);

CREATE TABLE agents (
    id int PRIMARY KEY,
    tenant_id int NOT NULL REFERENCES tenants (id),
    email text NOT NULL,
    is_active boolean NOT NULL
);

CREATE TABLE tickets (
    id bigint PRIMARY KEY,
    tenant_id int NOT NULL REFERENCES tenants (id),
    assignee_id int REFERENCES agents (id),
    requester text NOT NULL,
    status text NOT NULL,
    priority int NOT NULL,
    subject text NOT NULL,
    opened_at timestamp NOT NULL,
    due_at timestamp
);

CREATE TABLE messages (
    id bigint PRIMARY KEY,
    ticket_id bigint NOT NULL REFERENCES tickets (id),
    external_id text NOT NULL,
    sent_at timestamp NOT NULL,
    body text NOT NULL
);

CREATE TABLE attachments (
    id bigint PRIMARY KEY,
    message_id bigint NOT NULL REFERENCES messages (id),
    checksum text NOT NULL,
    bytes bigint NOT NULL
);

CREATE TABLE jobs (
    id bigint PRIMARY KEY,
    queue text NOT NULL,
    run_at timestamp NOT NULL,
    locked_by text,
    attempts int NOT NULL,
    payload jsonb NOT NULL
);

CREATE TABLE audit_log (
    id bigint PRIMARY KEY,
    tenant_id int NOT NULL REFERENCES tenants (id),
    actor_id int NOT NULL REFERENCES agents (id),
    object_type text NOT NULL,
    object_id bigint NOT NULL,
    at timestamp NOT NULL
);
