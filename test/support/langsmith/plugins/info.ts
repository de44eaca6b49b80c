import { zonedIso } from '../clock.js';
import type { Plugin } from '../context.js';
import { ok } from '../http/exchange.js';

/** What the client asks before it sends: limits, and which ways of sending there are. */
export const info: Plugin = ({ settings }) => [
  {
    path: '/info',
    open: true,
    methods: {
      GET: () =>
        ok({
          version: settings.version,
          git_sha: null,
          license_expiration_time: null,
          customer_info: null,
          instance_flags: {
            blob_storage_enabled: false,
            dataset_examples_multipart_enabled: true,
            examples_multipart_enabled: true,
            gzip_body_enabled: true,
            search_enabled: false,
            sdb_query_enabled: false,
          },
          batch_ingest_config: {
            use_multipart_endpoint: settings.useMultipart,
            size_limit: 100,
            size_limit_bytes: settings.maxBodyBytes,
            scale_up_qsize_trigger: 1_000,
            scale_up_nthreads_limit: 16,
            scale_down_nempty_trigger: 4,
          },
        }),
    },
  },
  { path: '/ok', open: true, methods: { GET: () => ok({ ok: true }) } },
  {
    path: '/settings',
    methods: {
      GET: ({ workspace }) =>
        ok({
          id: workspace.id,
          display_name: 'Test workspace',
          created_at: zonedIso(workspace.createdAt),
          tenant_handle: workspace.handle,
        }),
    },
  },
  {
    path: '/workspaces',
    methods: {
      GET: ({ workspace }) =>
        ok([
          {
            id: workspace.id,
            display_name: 'Test workspace',
            created_at: zonedIso(workspace.createdAt),
            tenant_handle: workspace.handle,
            is_personal: false,
            is_deleted: false,
          },
        ]),
    },
  },
];
