import type { CompiledSchemas } from '../schema/compile.js'
import {
  resourceTypeUrn,
  schemaUrn,
  serviceProviderConfigUrn,
} from '../schema/discovery-schemas.js'
import type {
  AttributeDefinition,
  JsonObject,
  ResourceType,
  SchemaDefinition,
} from '../schema/types.js'
import type { ProtocolOptions } from './context.js'

/**
 * `/ServiceProviderConfig` (RFC 7643 §5, RFC 9865 §4), derived from the options that are enforced.
 */
export function serviceProviderConfig(options: ProtocolOptions, baseUrl: string): JsonObject {
  const { features, limits } = options
  const { documentationUri } = options
  return {
    schemas: [serviceProviderConfigUrn],
    ...(documentationUri !== undefined && { documentationUri }),
    patch: { supported: features.patch },
    bulk: {
      supported: features.bulk,
      maxOperations: limits.maxBulkOperations,
      maxPayloadSize: limits.maxPayloadBytes,
    },
    filter: { supported: features.filter, maxResults: limits.maxResults },
    changePassword: { supported: features.changePassword },
    sort: { supported: features.sort },
    etag: { supported: features.etag },
    ...(options.advertisePagination && { pagination: pagination(options) }),
    authenticationSchemes: [...options.authenticationSchemes],
    meta: metaOf('ServiceProviderConfig', `${baseUrl}/ServiceProviderConfig`),
  }
}

/** An entry of `/ResourceTypes` (RFC 7643 §6). */
export function resourceTypeDocument(type: ResourceType, baseUrl: string): JsonObject {
  return {
    schemas: [resourceTypeUrn],
    id: type.name,
    name: type.name,
    endpoint: type.endpoint,
    description: type.description,
    schema: type.schema.id,
    schemaExtensions: type.extensions.map(({ schema, required }) => ({
      schema: schema.id,
      required,
    })),
    meta: metaOf('ResourceType', `${baseUrl}/ResourceTypes/${encodeURIComponent(type.name)}`),
  }
}

/**
 * An entry of `/Schemas` (RFC 7643 §7). The schemas of resource types also list `externalId`. It
 * belongs to no schema (RFC 7643 §3.1), but Entra ID needs it here to offer it for mapping.
 */
export function schemaDocument(
  schema: SchemaDefinition,
  { types }: Pick<CompiledSchemas, 'types'>,
  baseUrl: string,
): JsonObject {
  const { id, name, description } = schema
  const externalId = types.find((type) => type.schema === schema)?.attributes.get('externalid')
  const attributes = externalId ? [externalId, ...schema.attributes] : schema.attributes
  return {
    schemas: [schemaUrn],
    id,
    name,
    description,
    attributes: attributes.map(attributeDocument),
    meta: metaOf('Schema', `${baseUrl}/Schemas/${id}`),
  }
}

function attributeDocument(attribute: AttributeDefinition): JsonObject {
  const { name, type, multiValued, description, required, mutability, returned } = attribute
  const { canonicalValues, referenceTypes, subAttributes } = attribute
  return {
    name,
    type,
    multiValued,
    description,
    required,
    ...(hasText(attribute) && { caseExact: attribute.caseExact }),
    mutability,
    returned,
    ...(hasValue(attribute) && { uniqueness: attribute.uniqueness }),
    ...(canonicalValues && { canonicalValues: [...canonicalValues] }),
    ...(referenceTypes && { referenceTypes: [...referenceTypes] }),
    ...(subAttributes && { subAttributes: subAttributes.map(attributeDocument) }),
  }
}

function pagination(options: ProtocolOptions): JsonObject {
  const { features, limits, defaultPaging, cursorTimeoutSeconds } = options
  return {
    cursor: features.cursor,
    index: true,
    defaultPaginationMethod: features.cursor ? defaultPaging : 'index',
    defaultPageSize: limits.defaultCount,
    maxPageSize: limits.maxResults,
    ...(features.cursor && { cursorTimeout: cursorTimeoutSeconds }),
  }
}

function metaOf(resourceType: string, location: string): JsonObject {
  return { resourceType, location }
}

/** Only strings have a case (RFC 7643 §2.2). */
function hasText({ type }: AttributeDefinition): boolean {
  return type === 'string' || type === 'reference' || type === 'binary'
}

/** Complex attributes and booleans have no uniqueness (erratum 6004). */
function hasValue({ type }: AttributeDefinition): boolean {
  return type !== 'complex' && type !== 'boolean'
}
