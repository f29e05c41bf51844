-- Files of orders and reports, in encrypted chunks.

-- Seals an order's files, under its provider's key; none before its first file.
ALTER TABLE service_order ADD COLUMN data_key bytea;

CREATE TABLE attachment (
    id              uuid        PRIMARY KEY,
    order_id        uuid        REFERENCES service_order,
    report_id       uuid,
    report_version  bigint,
    -- Who sends it.
    organisation_id uuid        NOT NULL,
    -- The provider whose key is behind it.
    provider_id     uuid        NOT NULL,
    media_type      text        NOT NULL CHECK (media_type IN ('application/pdf', 'image/png', 'image/jpeg', 'application/dicom')),
    size            bigint      NOT NULL CHECK (size BETWEEN 1 AND 20971520),
    sha256          bytea       NOT NULL CHECK (octet_length(sha256) = 32),
    received        bigint      NOT NULL CHECK (received BETWEEN 0 AND size),
    complete        boolean     NOT NULL CHECK (NOT complete OR received = size),
    create_time     timestamptz NOT NULL,
    CHECK ((order_id IS NULL) = (report_id IS NOT NULL)),
    CHECK ((report_id IS NULL) = (report_version IS NULL)),
    FOREIGN KEY (report_id, report_version) REFERENCES report_version
);
CREATE INDEX attachment_order ON attachment (order_id, create_time, id) WHERE order_id IS NOT NULL;
CREATE INDEX attachment_report ON attachment (report_id, create_time, id) WHERE report_id IS NOT NULL;

-- Chunks of 64 KiB, the last one shorter.
CREATE TABLE attachment_chunk (
    attachment_id uuid  NOT NULL REFERENCES attachment ON DELETE CASCADE,
    number        int   NOT NULL CHECK (number >= 0),
    sealed        bytea NOT NULL,
    PRIMARY KEY (attachment_id, number)
);

ALTER TABLE attachment ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachment FORCE ROW LEVEL SECURITY;
CREATE POLICY worked ON attachment USING (app_system());
CREATE POLICY own ON attachment USING (organisation_id = app_organisation());
CREATE POLICY seen ON attachment FOR SELECT
    USING (EXISTS (SELECT FROM service_order_party p WHERE p.order_id = attachment.order_id)
           OR EXISTS (SELECT FROM report_party p WHERE p.report_id = attachment.report_id));

ALTER TABLE attachment_chunk ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachment_chunk FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON attachment_chunk FOR SELECT
    USING (app_system() OR EXISTS (SELECT FROM attachment a WHERE a.id = attachment_chunk.attachment_id));
CREATE POLICY made ON attachment_chunk FOR INSERT
    WITH CHECK (EXISTS (SELECT FROM attachment a
                        WHERE a.id = attachment_chunk.attachment_id AND a.organisation_id = app_organisation()));
CREATE POLICY removed ON attachment_chunk FOR DELETE
    USING (app_system() OR EXISTS (SELECT FROM attachment a
                                   WHERE a.id = attachment_chunk.attachment_id AND a.organisation_id = app_organisation()));
