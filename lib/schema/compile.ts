import { ConfigurationError } from '../errors.js'
import { checkSchemaOptions } from './check-schema-options.js'
import {
  commonAttributes,
  enterpriseUserSchema,
  enterpriseUserUrn,
  groupSchema,
  groupUrn,
  userSchema,
  userUrn,
} from './core-schemas.js'
import { defineSchema } from './define.js'
import { discoverySchemas } from './discovery-schemas.js'
import { lookupsAmong } from './lookups.js'
import type {
  AttributeDefinition,
  AttributePath,
  ResourceType,
  ResourceTypeInput,
  SchemaDefinition,
  SchemaOptions,
} from './types.js'

/** All compiled schemas and resource types. */
export interface CompiledSchemas {
  readonly types: readonly ResourceType[]
  /** By `name`, e.g. `User`. */
  readonly byName: ReadonlyMap<string, ResourceType>
  /** The schemas that `/Schemas` lists. */
  readonly schemas: readonly SchemaDefinition[]
}

/**
 * The resource types User, Group and the host's own with all their attributes, ready for look-ups.
 *
 * @throws ConfigurationError naming the place of a contradiction in the host's options
 */
export function compileResourceTypes(options: SchemaOptions = {}): CompiledSchemas {
  checkSchemaOptions(options)
  const schemas = resourceSchemas(options)
  const byUrn = new Map(schemas.map((schema) => [schema.id.toLowerCase(), schema]))
  const common = options.uniqueExternalIds
    ? commonAttributes.map((each) => unique(each, 'externalId'))
    : commonAttributes
  const types = typeInputs(options).map((input) => compileType(input, byUrn, common))
  return {
    types,
    byName: new Map(types.map((type) => [type.name, type])),
    schemas: [...schemas, ...discoverySchemas],
  }
}

function resourceSchemas(options: SchemaOptions): SchemaDefinition[] {
  const { attributes } = groupSchema
  const group = options.uniqueGroupNames
    ? { ...groupSchema, attributes: attributes.map((each) => unique(each, 'displayName')) }
    : groupSchema
  return [userSchema, group, enterpriseUserSchema, ...(options.schemas ?? []).map(defineSchema)]
}

function unique(definition: AttributeDefinition, name: string): AttributeDefinition {
  return definition.name === name ? { ...definition, uniqueness: 'server' } : definition
}

function typeInputs(options: SchemaOptions): ResourceTypeInput[] {
  return [
    {
      name: 'User',
      endpoint: '/Users',
      description: 'User Account',
      schema: userUrn,
      schemaExtensions: [{ schema: enterpriseUserUrn }, ...(options.userExtensions ?? [])],
    },
    {
      name: 'Group',
      endpoint: '/Groups',
      description: 'Group',
      schema: groupUrn,
      schemaExtensions: options.groupExtensions ?? [],
    },
    ...(options.resourceTypes ?? []),
  ]
}

function compileType(
  input: ResourceTypeInput,
  byUrn: ReadonlyMap<string, SchemaDefinition>,
  common: readonly AttributeDefinition[],
): ResourceType {
  const schema = schemaOf(byUrn, input.schema)
  const extensions = (input.schemaExtensions ?? []).map((extension) => ({
    schema: schemaOf(byUrn, extension.schema),
    required: extension.required ?? false,
  }))
  const attributes = [...common, ...schema.attributes]
  return {
    name: input.name,
    endpoint: input.endpoint,
    description: input.description ?? '',
    schema,
    extensions,
    attributes: byLowerName(attributes),
    extensionAttributes: new Map(
      extensions.map((extension) => [
        extension.schema.id.toLowerCase(),
        { urn: extension.schema.id, attributes: byLowerName(extension.schema.attributes) },
      ]),
    ),
    lookups: lookupsAmong([
      ...attributes.flatMap((attribute) => pathsOf(attribute)),
      ...extensions.flatMap((extension) =>
        extension.schema.attributes.flatMap((attribute) => pathsOf(attribute, extension.schema.id)),
      ),
    ]),
  }
}

function schemaOf(byUrn: ReadonlyMap<string, SchemaDefinition>, urn: string): SchemaDefinition {
  const schema = byUrn.get(urn.toLowerCase())
  if (!schema) throw new ConfigurationError('ERR_SCIM_SCHEMA', `There is no schema "${urn}".`)
  return schema
}

function byLowerName(
  attributes: readonly AttributeDefinition[],
): ReadonlyMap<string, AttributeDefinition> {
  return new Map(attributes.map((attribute) => [attribute.name.toLowerCase(), attribute]))
}

/** The paths of an attribute and of its sub-attributes. */
function pathsOf(attribute: AttributeDefinition, extension?: string): AttributePath[] {
  const path = { ...(extension !== undefined && { extension }), attribute }
  return [path, ...(attribute.subAttributes ?? []).map((sub) => ({ ...path, sub }))]
}
