import { defineAttribute, defineSchema } from './define.js'
import type { AttributeDefinition, AttributeInput, SchemaDefinition } from './types.js'

/** URNs of the resource schemas of RFC 7643 §8.7.1. */
export const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const enterpriseUserUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/**
 * `schemas`, `id`, `externalId` and `meta`: part of every resource, listed in no schema (RFC 7643
 * §3, §3.1).
 */
export const commonAttributes = (
  [
    {
      name: 'schemas',
      type: 'reference',
      referenceTypes: ['uri'],
      multiValued: true,
      description: 'URNs of the schemas whose attributes the resource has.',
      required: true,
      returned: 'always',
    },
    {
      name: 'id',
      description: 'Identifier given by the service provider.',
      caseExact: true,
      mutability: 'readOnly',
      returned: 'always',
      uniqueness: 'server',
    },
    {
      name: 'externalId',
      description: 'Identifier given by the provisioning client.',
      caseExact: true,
    },
    {
      name: 'meta',
      type: 'complex',
      description: 'What the service provider says about the resource.',
      mutability: 'readOnly',
      subAttributes: [
        readOnly('resourceType', 'Name of the resource type.', { caseExact: true }),
        readOnly('created', 'When the resource was created.', { type: 'dateTime' }),
        readOnly('lastModified', 'When the resource last changed.', { type: 'dateTime' }),
        readOnly('location', 'URI of the resource.', {
          type: 'reference',
          referenceTypes: ['uri'],
        }),
        readOnly('version', 'Version of the resource, as in its ETag.', { caseExact: true }),
      ],
    },
  ] satisfies AttributeInput[]
).map(defineAttribute)

/**
 * The User schema (RFC 7643 §4.1, §8.7.1) with errata 6004 and 8471 applied. `addresses` also has
 * `primary`, which §2.4 defines for every multi-valued attribute and which Entra ID sends.
 */
export const userSchema: SchemaDefinition = defineSchema({
  id: userUrn,
  name: 'User',
  description: 'User Account',
  attributes: [
    {
      name: 'userName',
      description: 'Name by which the user is known to the service provider, in any case.',
      required: true,
      uniqueness: 'server',
    },
    {
      name: 'name',
      type: 'complex',
      description: "The parts of the user's name.",
      subAttributes: [
        text('formatted', 'The whole name, for display.'),
        text('familyName', 'Family name, or last name.'),
        text('givenName', 'Given name, or first name.'),
        text('middleName', 'Middle names.'),
        text('honorificPrefix', 'Title before the name.'),
        text('honorificSuffix', 'Suffix after the name.'),
      ],
    },
    text('displayName', 'Name of the user, for display.'),
    text('nickName', 'Casual name.'),
    link(
      'profileUrl',
      "URL of a page about the user, e.g. a profile in the organization's directory.",
    ),
    text('title', 'Job title.'),
    text('userType', 'Relation between the organization and the user, e.g. Employee.'),
    text('preferredLanguage', 'Preferred languages, as in an Accept-Language header.'),
    text('locale', 'Default location for dates, numbers and currency, e.g. en-US.'),
    text('timezone', 'Time zone by its IANA name, e.g. Europe/Paris.'),
    {
      name: 'active',
      type: 'boolean',
      description: 'Whether the user has access. false ends all access until it is true again.',
    },
    {
      name: 'password',
      description: 'Clear-text password; handed to the host application and never stored.',
      caseExact: true,
      mutability: 'writeOnly',
      returned: 'never',
    },
    labelled('emails', 'E-mail addresses.', text('value', 'E-mail address.'), [
      'work',
      'home',
      'other',
    ]),
    labelled('phoneNumbers', 'Phone numbers.', text('value', 'Phone number.'), [
      'work',
      'home',
      'mobile',
      'fax',
      'pager',
      'other',
    ]),
    labelled('ims', 'Instant messaging addresses.', text('value', 'Messaging address.'), [
      'aim',
      'gtalk',
      'icq',
      'xmpp',
      'msn',
      'skype',
      'qq',
      'yahoo',
    ]),
    labelled('photos', 'Pictures of the user.', link('value', 'URL of a picture.'), [
      'photo',
      'thumbnail',
    ]),
    {
      name: 'addresses',
      type: 'complex',
      multiValued: true,
      description: 'Postal addresses.',
      subAttributes: [
        text('formatted', 'The whole address; lines are separated by newlines.'),
        text('streetAddress', 'Street, house number and the like; may have several lines.'),
        text('locality', 'City or locality.'),
        text('region', 'State or region.'),
        text('postalCode', 'Postal code.'),
        text('country', 'Country, as an ISO 3166-1 alpha-2 code.'),
        kind(['work', 'home', 'other']),
        primary(),
      ],
    },
    {
      name: 'groups',
      type: 'complex',
      multiValued: true,
      description: 'Groups the user is in; changed through the groups.',
      mutability: 'readOnly',
      subAttributes: [
        readOnly('value', 'Identifier of the group.', { caseExact: true }),
        readOnly('$ref', 'URI of the group.', { type: 'reference', referenceTypes: ['Group'] }),
        readOnly('display', 'Name of the group.'),
        readOnly('type', 'Whether the membership is direct.', {
          canonicalValues: ['direct', 'indirect'],
        }),
      ],
    },
    labelled('entitlements', 'What the user is entitled to.', text('value', 'Entitlement.')),
    labelled('roles', 'Roles of the user.', text('value', 'Role.')),
    labelled('x509Certificates', 'Certificates of the user.', {
      name: 'value',
      type: 'binary',
      description: 'DER-encoded certificate.',
    }),
  ],
})

/**
 * The Group schema (RFC 7643 §4.2, §8.7.1) with errata 5368 and 6011 applied. `members.value` is an
 * `id` and therefore case-exact, as erratum 8472 says for `manager.value`.
 */
export const groupSchema: SchemaDefinition = defineSchema({
  id: groupUrn,
  name: 'Group',
  description: 'Group',
  attributes: [
    { name: 'displayName', description: 'Name of the group.', required: true },
    {
      name: 'members',
      type: 'complex',
      multiValued: true,
      description: 'Members of the group.',
      subAttributes: [
        {
          name: 'value',
          description: 'Identifier of the member.',
          caseExact: true,
          mutability: 'immutable',
        },
        {
          name: '$ref',
          type: 'reference',
          referenceTypes: ['User', 'Group'],
          description: 'URI of the member.',
          mutability: 'immutable',
        },
        {
          name: 'type',
          description: 'Resource type of the member.',
          canonicalValues: ['User', 'Group'],
          mutability: 'immutable',
        },
        readOnly('display', 'Name of the member.'),
      ],
    },
  ],
})

/**
 * The Enterprise User extension (RFC 7643 §4.3, §8.7.1) with erratum 8472 applied. `manager.value`
 * and `manager.$ref` are not required, following §4.3 rather than §8.7.1, because provisioning
 * clients send only `value`. Unlike in §8.7.1, `manager.$ref` is readOnly: it is computed from
 * `value`, and a client's link is never stored.
 */
export const enterpriseUserSchema: SchemaDefinition = defineSchema({
  id: enterpriseUserUrn,
  name: 'EnterpriseUser',
  description: 'Enterprise User',
  attributes: [
    text('employeeNumber', 'Identifier given to the person by the organization.'),
    text('costCenter', 'Name of a cost center.'),
    text('organization', 'Name of an organization.'),
    text('division', 'Name of a division.'),
    text('department', 'Name of a department.'),
    {
      name: 'manager',
      type: 'complex',
      description: "The user's manager.",
      subAttributes: [
        { name: 'value', description: 'Identifier of the manager.', caseExact: true },
        {
          name: '$ref',
          type: 'reference',
          referenceTypes: ['User'],
          description: 'URI of the manager.',
          mutability: 'readOnly',
        },
        readOnly('displayName', 'Name of the manager.'),
      ],
    },
  ],
})

function text(name: string, description: string): AttributeInput {
  return { name, description }
}

function link(name: string, description: string): AttributeInput {
  return { name, type: 'reference', referenceTypes: ['external'], description }
}

function readOnly(
  name: string,
  description: string,
  more: Partial<AttributeInput> = {},
): AttributeInput {
  return { name, description, mutability: 'readOnly', ...more }
}

function kind(canonicalValues?: readonly string[]): AttributeInput {
  return {
    ...text('type', 'Label for the kind of value.'),
    ...(canonicalValues && { canonicalValues }),
  }
}

function primary(): AttributeInput {
  return {
    name: 'primary',
    type: 'boolean',
    description: 'Whether this is the preferred value; true at most once.',
  }
}

/** A multi-valued attribute with the sub-attributes of RFC 7643 §2.4. */
function labelled(
  name: string,
  description: string,
  value: AttributeInput,
  types?: readonly string[],
): AttributeInput {
  return {
    name,
    type: 'complex',
    multiValued: true,
    description,
    subAttributes: [
      value,
      text('display', 'Name of the value, for display.'),
      kind(types),
      primary(),
    ],
  }
}

const passwords: ReadonlySet<AttributeDefinition> = new Set(
  userSchema.attributes.filter(({ name }) => name === 'password'),
)

const addresses: ReadonlySet<AttributeDefinition> = new Set(
  userSchema.attributes.filter(({ name }) => name === 'addresses'),
)

/**
 * Every `$ref` that is computed from the `value` beside it when a resource is read. Those in a
 * host's own schemas are set by clients.
 */
const computedReferences: ReadonlySet<AttributeDefinition> = new Set(
  [
    [userSchema, 'groups'] as const,
    [groupSchema, 'members'] as const,
    [enterpriseUserSchema, 'manager'] as const,
  ].flatMap(([{ attributes }, owner]) =>
    attributes
      .filter(({ name }) => name === owner)
      .flatMap(({ subAttributes = [] }) => subAttributes.filter(({ name }) => name === '$ref')),
  ),
)

/**
 * Whether an attribute is the password of RFC 7643 §4.1, which is passed to the host and never
 * stored.
 */
export function isPassword(definition: AttributeDefinition): boolean {
  return passwords.has(definition)
}

/**
 * Whether an attribute is the `$ref` of `members`, `groups` or the enterprise manager, which is
 * always computed and never stored.
 */
export function isComputedReference(definition: AttributeDefinition): boolean {
  return computedReferences.has(definition)
}

/**
 * Whether an attribute refers to resources by their ids: `members`, `groups` or the enterprise
 * manager. Nothing else of its values is stored.
 */
export function areReferences({ subAttributes = [] }: AttributeDefinition): boolean {
  return subAttributes.some(isComputedReference)
}

/**
 * Whether the service provider sets an attribute: it is readOnly, or a `$ref` computed from
 * `value`.
 */
export function isDerived(definition: AttributeDefinition): boolean {
  return definition.mutability === 'readOnly' || isComputedReference(definition)
}

/** Whether an attribute is `addresses` of RFC 7643 §4.1.2, whose values have no `value`. */
export function isAddresses(definition: AttributeDefinition): boolean {
  return addresses.has(definition)
}
