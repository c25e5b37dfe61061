/** Types of SCIM schemas: as hosts write them, and as the library compiles them. Plain data. */

/** JSON as `JSON.parse` gives it. */
export type Json = string | number | boolean | null | Json[] | JsonObject
/** A JSON object. */
export interface JsonObject {
  [name: string]: Json
}

/** Attribute types of RFC 7643 §2.3. */
export type AttributeType =
  | 'string'
  | 'boolean'
  | 'decimal'
  | 'integer'
  | 'dateTime'
  | 'binary'
  | 'reference'
  | 'complex'

/** Whether and when a client may set an attribute (RFC 7643 §7). */
export type Mutability = 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly'
/** When an attribute is returned (RFC 7643 §7). */
export type Returned = 'always' | 'never' | 'default' | 'request'
/** How far the values of an attribute must differ (RFC 7643 §7). */
export type Uniqueness = 'none' | 'server' | 'global'

/** One attribute with every characteristic filled in (defaults of RFC 7643 §2.2 applied). */
export interface AttributeDefinition {
  readonly name: string
  readonly type: AttributeType
  readonly multiValued: boolean
  readonly description: string
  readonly required: boolean
  readonly caseExact: boolean
  readonly mutability: Mutability
  readonly returned: Returned
  readonly uniqueness: Uniqueness
  /** Suggested values; they are information for clients and not enforced (RFC 7643 §7). */
  readonly canonicalValues?: readonly string[]
  /** Resource type names, `external` or `uri`; for `reference` only. */
  readonly referenceTypes?: readonly string[]
  /** For `complex` only; never complex themselves (RFC 7643 §2.3.8, erratum 8415). */
  readonly subAttributes?: readonly AttributeDefinition[]
}

/** One attribute as a host writes it: plain SCIM (RFC 7643 §7), characteristics optional. */
export interface AttributeInput {
  readonly name: string
  readonly type?: AttributeType
  readonly multiValued?: boolean
  readonly description?: string
  readonly required?: boolean
  readonly caseExact?: boolean
  readonly mutability?: Mutability
  readonly returned?: Returned
  readonly uniqueness?: Uniqueness
  readonly canonicalValues?: readonly string[]
  readonly referenceTypes?: readonly string[]
  readonly subAttributes?: readonly AttributeInput[]
}

/** A schema as a host writes it: the body of a `/Schemas` entry (RFC 7643 §7). */
export interface SchemaInput {
  readonly id: string
  readonly name: string
  readonly description?: string
  readonly attributes: readonly AttributeInput[]
}

/** A resource type as a host writes it: the body of a `/ResourceTypes` entry (RFC 7643 §6). */
export interface ResourceTypeInput {
  /** Value of `meta.resourceType`, e.g. `Device`. */
  readonly name: string
  /** Endpoint below the base URL, e.g. `/Devices`. */
  readonly endpoint: string
  readonly description?: string
  /** URN of the base schema. */
  readonly schema: string
  readonly schemaExtensions?: readonly { readonly schema: string; readonly required?: boolean }[]
}

/** A schema with every characteristic filled in. */
export interface SchemaDefinition {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly attributes: readonly AttributeDefinition[]
}

/** An extension of a resource type. */
export interface SchemaExtension {
  readonly schema: SchemaDefinition
  readonly required: boolean
}

/** One resource type, compiled once when the router is built. */
export interface ResourceType {
  /** Value of `meta.resourceType`: `User`, `Group`, or a host's own. */
  readonly name: string
  /** Endpoint below the base URL: `/Users`. */
  readonly endpoint: string
  readonly description: string
  readonly schema: SchemaDefinition
  readonly extensions: readonly SchemaExtension[]
  /**
   * The common attributes (`id`, `externalId`, `meta`, `schemas`) and those of the base schema, by
   * lower-cased name.
   */
  readonly attributes: ReadonlyMap<string, AttributeDefinition>
  /** Attributes of each extension by lower-cased name, by lower-cased URN. */
  readonly extensionAttributes: ReadonlyMap<
    string,
    { readonly urn: string; readonly attributes: ReadonlyMap<string, AttributeDefinition> }
  >
  /** The attributes by which resources are found with one indexed query. */
  readonly lookups: readonly Lookup[]
}

/** An attribute by which resources are found with one indexed query. */
export interface Lookup {
  /** Canonical text of the path, e.g. `userName`, `emails.value`. */
  readonly name: string
  readonly path: AttributePath
  /** Two resources of the same type and tenant cannot have the same value. */
  readonly unique: boolean
}

/**
 * A resolved attribute path (RFC 7644 §3.10): its names were looked up in the schemas of a resource
 * type, so it can never name a JavaScript built-in.
 *
 * `userName` -> `{ attribute }`; `name.givenName` -> `{ attribute, sub }`;
 * `urn:…:enterprise:2.0:User:manager.value` -> `{ extension, attribute, sub }`;
 * `urn:…:enterprise:2.0:User` alone -> `{ extension }`.
 */
export interface AttributePath {
  /**
   * URN of the extension the attribute belongs to, spelled as in its schema; absent for base and
   * common attributes.
   */
  readonly extension?: string | undefined
  /** Absent only if the path names a whole extension. */
  readonly attribute?: AttributeDefinition
  readonly sub?: AttributeDefinition
}

/** A schema extension that a host adds to a resource type. */
export interface ExtensionInput {
  /** URN of a schema in `schemas`. */
  readonly schema: string
  /** Whether every resource must have it (RFC 7643 §6). Default `false`. */
  readonly required?: boolean
}

/** A host's additions to the schemas of the RFCs. */
export interface SchemaOptions {
  /** Its own schemas, as listed by `/Schemas`. */
  readonly schemas?: readonly SchemaInput[]
  /** Its own resource types, as listed by `/ResourceTypes`. */
  readonly resourceTypes?: readonly ResourceTypeInput[]
  /** Extensions of User, besides Enterprise User. */
  readonly userExtensions?: readonly ExtensionInput[]
  /** Extensions of Group. */
  readonly groupExtensions?: readonly ExtensionInput[]
  /**
   * Refuse a group with the same `displayName` as another one, ignoring case. Default `true`,
   * because rules refer to groups by it.
   */
  readonly uniqueGroupNames?: boolean
  /**
   * Refuse a resource with the same `externalId` as another one of its type. Default `false` (RFC
   * 7643 §3.1).
   */
  readonly uniqueExternalIds?: boolean
}
