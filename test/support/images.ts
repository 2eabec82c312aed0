/** The image of each server that tests run in a container, and how the environment names another one. */
export const TEST_IMAGES = {
  redis: process.env['PRESIGND_TEST_REDIS_IMAGE'] ?? 'redis:7.4-alpine',
  minio: process.env['PRESIGND_TEST_MINIO_IMAGE'] ?? 'minio/minio:RELEASE.2025-09-07T16-13-09Z',
  postgres: process.env['PRESIGND_TEST_POSTGRES_IMAGE'] ?? 'postgres:17-alpine',
  toxiproxy: process.env['PRESIGND_TEST_TOXIPROXY_IMAGE'] ?? 'ghcr.io/shopify/toxiproxy:2.12.0',
  /** The base of the image that the Dockerfile makes. */
  node: process.env['PRESIGND_TEST_NODE_IMAGE'] ?? 'node:24-slim',
} as const;
