import { z } from 'zod';

import { reportSchema } from './report.js';

/**
 * The JSON schema (draft 2020-12) of `report.json`, as it is published. Members that it does not name are allowed, since
 * later versions add some; those with a default may be missing, since earlier versions did not write them.
 */
export function reportJsonSchema(): unknown {
  const { $schema, ...schema } = z.toJSONSchema(reportSchema, { io: 'output', override: tolerant });
  return {
    $schema,
    $id: 'urn:assay:report:1',
    title: 'Assay report',
    description:
      'A finished report: what report.json holds. What is not known is null, never a zero. Money is decimal text in dollars; ' +
      'rates are in [0, 1]; times are ISO 8601 in UTC. A change of meaning raises "version"; readers must accept members ' +
      'that they do not know, and take the default for one that is missing.',
    ...schema,
  };
}

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>;

const tolerant: Override = ({ jsonSchema }) => {
  const { properties, required } = jsonSchema;
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  if (properties === undefined || required === undefined) return;
  jsonSchema.required = required.filter((name) => !hasDefault(properties[name]));
};

function hasDefault(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && 'default' in schema;
}
