import { defineSchema } from './define.js'
import type { AttributeInput, SchemaDefinition } from './types.js'

/** URNs of the schemas of RFC 7643 §8.7.2. */
export const serviceProviderConfigUrn =
  'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'
export const resourceTypeUrn = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType'
export const schemaUrn = 'urn:ietf:params:scim:schemas:core:2.0:Schema'

const required = { required: true } as const
const many = { multiValued: true } as const

/**
 * RFC 7643 §5 and §8.7.2, with `pagination` of RFC 9865 §4 and `authenticationSchemes` of erratum
 * 8011.
 */
const serviceProviderConfigSchema = readOnlySchema({
  id: serviceProviderConfigUrn,
  name: 'ServiceProviderConfig',
  description: 'What the service provider supports.',
  attributes: [
    link('documentationUri', 'URL of documentation for people.'),
    complex('patch', 'Whether PATCH is supported.', [supported()], required),
    complex(
      'bulk',
      'Whether and how far bulk requests are supported.',
      [
        supported(),
        whole('maxOperations', 'Most operations in one request.', required),
        whole('maxPayloadSize', 'Most bytes in one request.', required),
      ],
      required,
    ),
    complex(
      'filter',
      'Whether and how far filters are supported.',
      [supported(), whole('maxResults', 'Most resources in one response.', required)],
      required,
    ),
    complex('changePassword', 'Whether passwords can be changed.', [supported()], required),
    complex('sort', 'Whether results can be sorted.', [supported()], required),
    complex('etag', 'Whether resources have ETags.', [supported()], required),
    complex('pagination', 'Which kinds of paging are supported.', [
      yesNo('cursor', 'Paging by cursor.', required),
      yesNo('index', 'Paging by index.', required),
      text('defaultPaginationMethod', 'Kind of paging used when a request names none.', {
        canonicalValues: ['cursor', 'index'],
      }),
      whole('defaultPageSize', 'Resources in a page when a request names no count.'),
      whole('maxPageSize', 'Most resources in a page.'),
      whole('cursorTimeout', 'Seconds after which a cursor can no longer be used.'),
    ]),
    complex(
      'authenticationSchemes',
      'How clients authenticate.',
      [
        text('type', 'Kind of scheme.', {
          ...required,
          canonicalValues: ['oauth', 'oauth2', 'oauthbearertoken', 'httpbasic', 'httpdigest'],
        }),
        text('name', 'Name of the scheme.', required),
        text('description', 'What the scheme is.', required),
        link('specUri', 'URL of its specification.'),
        link('documentationUri', 'URL of documentation for people.'),
        yesNo('primary', 'Whether this scheme is preferred.'),
      ],
      { ...required, ...many },
    ),
  ],
})

/** RFC 7643 §6 and §8.7.2, with errata 7522 and 8475. */
const resourceTypeSchema = readOnlySchema({
  id: resourceTypeUrn,
  name: 'ResourceType',
  description: 'A kind of resource and where it is found.',
  attributes: [
    text('id', 'Identifier of the resource type.'),
    text('name', 'Name of the resource type, as in meta.resourceType.', {
      ...required,
      uniqueness: 'server',
    }),
    text('description', 'What the resource type is.'),
    uri('endpoint', 'Where its resources are, below the base URL.', {
      ...required,
      uniqueness: 'server',
    }),
    uri('schema', 'URN of its base schema.', required),
    complex(
      'schemaExtensions',
      'Its schema extensions.',
      [
        uri('schema', 'URN of the extension.', required),
        yesNo('required', 'Whether each resource must have it.', required),
      ],
      many,
    ),
  ],
})

const characteristics: readonly AttributeInput[] = [
  text('name', 'Name of the attribute.', { ...required, caseExact: true }),
  text('type', 'Type of its values.', {
    ...required,
    caseExact: true,
    canonicalValues: [
      'string',
      'complex',
      'boolean',
      'decimal',
      'integer',
      'dateTime',
      'binary',
      'reference',
    ],
  }),
  yesNo('multiValued', 'Whether it can have several values.', required),
  text('description', 'What the attribute is.'),
  yesNo('required', 'Whether it must have a value.'),
  text('canonicalValues', 'Values suggested to clients.', { ...many, caseExact: true }),
  yesNo('caseExact', 'Whether case counts when values are compared.'),
  text('mutability', 'Whether and when clients can set it.', {
    caseExact: true,
    canonicalValues: ['readOnly', 'readWrite', 'immutable', 'writeOnly'],
  }),
  text('returned', 'When it is part of a response.', {
    caseExact: true,
    canonicalValues: ['always', 'never', 'default', 'request'],
  }),
  text('uniqueness', 'How far its values must differ.', {
    caseExact: true,
    canonicalValues: ['none', 'server', 'global'],
  }),
  text('referenceTypes', 'What its values may refer to.', { ...many, caseExact: true }),
]

/**
 * RFC 7643 §7 and §8.7.2, with errata 5606, 5607 and 8435. The characteristics of sub-attributes
 * are not repeated below `attributes.subAttributes`: a sub-attribute is never complex (erratum
 * 8415).
 */
const schemaSchema = readOnlySchema({
  id: schemaUrn,
  name: 'Schema',
  description: 'A list of attribute definitions.',
  attributes: [
    uri('id', 'URN of the schema.', required),
    text('name', 'Name of the schema.'),
    text('description', 'What the schema is for.'),
    complex('attributes', 'Its attributes.', characteristics, { ...required, ...many }),
  ],
})

/** The schemas of discovery resources (RFC 7643 §8.7.2); every attribute is readOnly. */
export const discoverySchemas: readonly SchemaDefinition[] = [
  serviceProviderConfigSchema,
  resourceTypeSchema,
  schemaSchema,
]

type More = Partial<AttributeInput>

function readOnlySchema(input: Parameters<typeof defineSchema>[0]): SchemaDefinition {
  return defineSchema({ ...input, attributes: input.attributes.map(readOnly) })
}

function readOnly(attribute: AttributeInput): AttributeInput {
  const { subAttributes } = attribute
  return {
    ...attribute,
    mutability: 'readOnly',
    ...(subAttributes && { subAttributes: subAttributes.map(readOnly) }),
  }
}

function text(name: string, description: string, more: More = {}): AttributeInput {
  return { name, description, ...more }
}

function yesNo(name: string, description: string, more: More = {}): AttributeInput {
  return { name, type: 'boolean', description, ...more }
}

function whole(name: string, description: string, more: More = {}): AttributeInput {
  return { name, type: 'integer', description, ...more }
}

function link(name: string, description: string): AttributeInput {
  return { name, type: 'reference', referenceTypes: ['external'], description }
}

function uri(name: string, description: string, more: More = {}): AttributeInput {
  return { name, type: 'reference', referenceTypes: ['uri'], description, ...more }
}

function supported(): AttributeInput {
  return yesNo('supported', 'Whether it is supported.', required)
}

function complex(
  name: string,
  description: string,
  subAttributes: readonly AttributeInput[],
  more: More = {},
): AttributeInput {
  return { name, type: 'complex', description, subAttributes, ...more }
}
