import { ConfigurationError } from './errors.js'

/** One departure from the RFCs, accepted because provisioning clients in use depend on it. */
export interface Deviation {
  readonly id: string
  /** Identity providers that were seen to need it. */
  readonly idps: readonly string[]
  /** The RFC section that says otherwise. */
  readonly source: string
  /** The behaviour while it is on, and while it is off. */
  readonly description: string
  /** File with the cases that prove both. */
  readonly test: string
}

/**
 * Every departure from the RFCs that this service provider accepts. All are on by default; each can
 * be switched off by its `id`. None of them can remove or grant more than the client named.
 */
export const deviations = [
  {
    id: 'stringBooleans',
    idps: ['Entra ID', 'OneLogin', 'SCIM-SDK'],
    source: 'RFC 7643 §2.3.2',
    description:
      '"True" and "False" in any case are taken for a boolean attribute, also in filters, ' +
      'there without quotation marks too. Off: 400 invalidValue (invalidFilter in a ' +
      'filter).',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'emptyStringClears',
    idps: ['Entra ID'],
    source: 'RFC 7643 §2.5',
    description:
      'An empty string unassigns an attribute, as null does. Off: it is a value like any other.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'singleValueForMultiValued',
    idps: ['OneLogin'],
    source: 'RFC 7643 §2.4',
    description:
      'One value in place of an array is taken as an array of one. Off: 400 invalidValue.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'managerAsString',
    idps: ['Entra ID'],
    source: 'RFC 7643 §4.3',
    description:
      'A singular complex attribute that has a sub-attribute "value" may be given as that ' +
      'value alone: manager: "<id>"; a filter may name it for its value: ' +
      'urn:…:User:manager eq "<id>". Off: 400 invalidValue (invalidFilter in a filter).',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'membersAsStrings',
    idps: ['authentik'],
    source: 'RFC 7643 §2.4',
    description:
      'An element of a multi-valued complex attribute may be given as its "value" alone: ' +
      'members: ["<id>"]. Off: 400 invalidValue.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'missingSchemas',
    idps: ['Entra ID', 'authentik', 'WSO2'],
    source: 'RFC 7643 §3, RFC 7644 §3.5.2',
    description:
      'A message without "schemas", or with an empty one, is read as what the endpoint ' +
      'expects. Off: 400 invalidSyntax.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'legacyUrns',
    idps: ['Google Workspace', 'OneLogin', 'Entra ID'],
    source: 'RFC 7643 §3',
    description:
      '"schemas" may have URNs of SCIM 1.1 and of drafts in place of the present ones, ' +
      'also as the key of the enterprise extension, and other URIs unknown here, whose ' +
      'attributes are dropped as unknown ones are. Off: 400 invalidSyntax; ' +
      'under a legacy key, unknown attributes.',
    test: 'test/schema/deviations.test.ts',
  },
  {
    id: 'unlistedExtensions',
    idps: ['Entra ID'],
    source: 'RFC 7643 §3',
    description:
      'Attributes under the URN of an extension are taken although "schemas" does not list ' +
      'the URN. Off: 400 invalidSyntax.',
    test: 'test/schema/deviations.test.ts',
  },
  {
    id: 'countryNames',
    idps: ['Okta', 'Entra ID'],
    source: 'RFC 7643 §4.1.2',
    description:
      'addresses.country may be any text, e.g. the name of a country. Off: ' +
      '400 invalidValue for anything but two letters.',
    test: 'test/schema/deviations.test.ts',
  },
  {
    id: 'opCase',
    idps: ['Entra ID'],
    source: 'RFC 7644 §3.5.2',
    description: '"Add", "REPLACE" and the like are taken as "op". Off: 400 invalidSyntax.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'emptyOperations',
    idps: ['Entra ID', 'Apache Syncope'],
    source: 'RFC 7644 §3.5.2',
    description: 'A PATCH without any operation changes nothing. Off: 400 invalidSyntax.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'pathlessDottedKeys',
    idps: ['Entra ID', 'Okta'],
    source: 'RFC 7644 §3.5.2.1, RFC 7643 §2.1',
    description:
      'In a resource and in the value of a PATCH operation without a path, a key may be a ' +
      'path: "name.familyName", "urn:…:User:department". Off: ' +
      'such keys are unknown attributes.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'ignoreReadOnlyInPathlessPatch',
    idps: ['Okta', 'authentik', 'Apache Syncope'],
    source: 'RFC 7644 §3.5.2',
    description:
      'readOnly attributes in the value of a PATCH operation without a path are ignored. ' +
      'Off: 400 mutability.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'addCreatesValuePathTarget',
    idps: ['Entra ID', 'Oracle'],
    source: 'RFC 7644 §3.5.2.1',
    description:
      'PATCH add with a value filter that matches nothing creates the value that its "eq" ' +
      'terms describe. Off: 400 noTarget.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'replaceCreatesValuePathTarget',
    idps: ['Entra ID'],
    source: 'RFC 7644 §3.5.2.3',
    description:
      'PATCH replace with a value filter that matches nothing creates the value that its ' +
      '"eq" terms describe. Off: 400 noTarget.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'removeByValueList',
    idps: ['Entra ID', 'JumpCloud', 'authentik', 'Salesforce', 'Apache Syncope'],
    source: 'RFC 7644 §3.5.2.2',
    description:
      'PATCH remove of a multi-valued attribute with a "value" removes the values listed ' +
      'and no others. Off: 400 invalidSyntax; it never removes all.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'wrappedMembers',
    idps: ['Salesforce'],
    source: 'RFC 7644 §3.5.2',
    description:
      'With a path, the value of a multi-valued attribute may be wrapped once more in the ' +
      'attribute\'s name: path "members", value {"members": […]}. Off: 400 invalidValue.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'valueFilterOnSingular',
    idps: ['Entra ID'],
    source: 'RFC 7644 §3.5.2',
    description:
      'A PATCH path may have a value filter on a singular complex attribute: ' +
      'manager[value eq "<id>"]. Off: 400 invalidPath.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'unqualifiedExtensionAttributes',
    idps: ['Entra ID'],
    source: 'RFC 7644 §3.10',
    description:
      'A PATCH path or a filter may name an attribute of an extension without its URN ' +
      'where no other attribute has this name: "manager". Off: ' +
      '400 invalidPath (invalidFilter in a filter).',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'bulkPatchBareOperations',
    idps: ['RFC 7644 §3.7.3'],
    source: 'RFC 7644 §3.5.2',
    description:
      'The data of a PATCH in a bulk request may be the array of operations alone. Off: ' +
      '400 invalidSyntax.',
    test: 'test/idp/complaints/bare-values.json',
  },
  {
    id: 'coreUrnAsKey',
    idps: ['RFC 7644 §3.10'],
    source: 'RFC 7643 §3',
    description:
      'Attributes of the base schema may be given under its URN, in a resource, in the ' +
      'value of a PATCH operation without a path, and with the URN as path: ' +
      '{"urn:…:core:2.0:User": {"active": false}}. Off: unknown attributes.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'dottedExtensionAttributes',
    idps: ['Apache Syncope', 'midPoint'],
    source: 'RFC 7644 §3.10',
    description:
      'A PATCH path or key, a filter and a list of attributes may put a dot for the colon ' +
      'after the URN of a schema: urn:…:User.employeeNumber. Off: an unknown attribute.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'arrayOfOne',
    idps: ['Entra ID', 'SCIM-SDK'],
    source: 'RFC 7643 §2.4, RFC 7644 §3.5.2',
    description:
      'An array of exactly one stands for its element: for a singular attribute (active: ' +
      '[false]), behind a value filter, and as value of a PATCH operation without a path; ' +
      'a simple attribute may have it as {"value": …}. Off: 400 invalidValue.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'jsonText',
    idps: ['Entra ID'],
    source: 'RFC 7643 §2.3.8',
    description:
      'The JSON text of an object or array is taken for a complex attribute. Off: ' +
      '400 invalidValue; such a text is never a value by itself.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'searchNumbersAsText',
    idps: ['SCIM-SDK'],
    source: 'RFC 7644 §3.4.3',
    description:
      'A search by POST may give startIndex and count as texts of digits: "count": "2". ' +
      'Off: 400 invalidValue.',
    test: 'test/idp/scim-sdk/search.json',
  },
  {
    id: 'emailAlias',
    idps: ['Okta', 'PingFederate'],
    source: 'RFC 7644 §3.4.2.2',
    description:
      'A filter on users may say "email" or "email.value" for "emails.value". Off: ' +
      '400 invalidFilter.',
    test: 'test/filter/deviations.test.ts',
  },
  {
    id: 'valuePathSubAttribute',
    idps: ['Entra ID'],
    source: 'RFC 7644 §3.4.2.2',
    description:
      'A filter may compare a sub-attribute of filtered values: ' +
      'emails[type eq "work"].value eq "…". Off: 400 invalidFilter.',
    test: 'test/filter/deviations.test.ts',
  },
  {
    id: 'unquotedResourceType',
    idps: ['RFC 7644 §3.4.2.1'],
    source: 'RFC 7644 §3.4.2.2',
    description:
      'A filter may write meta.resourceType eq User without quotation marks. Off: ' +
      '400 invalidFilter.',
    test: 'test/filter/deviations.test.ts',
  },
  {
    id: 'bareFilterValues',
    idps: ['authentik', 'Entra ID'],
    source: 'RFC 7644 §3.4.2.2',
    description:
      'In a filter, one word without quotation marks, blanks and brackets is a string: ' +
      'userName eq ada@acme.example, meta.created gt 2026-01-31T09:00:00Z; ' +
      'a number is one where the attribute is text. ' +
      'true, false and null stay what they are. Off: 400 invalidFilter.',
    test: 'test/filter/deviations.test.ts',
  },
  {
    id: 'valueFilterInProjection',
    idps: ['Entra ID'],
    source: 'RFC 7644 §3.9',
    description:
      'A value filter inside "attributes" or "excludedAttributes" is left out of account. ' +
      'Off: the name is unknown.',
    test: 'test/projection/deviations.test.ts',
  },
] as const satisfies readonly Deviation[]

/** Name of a deviation. */
export type DeviationId = (typeof deviations)[number]['id']

/** The deviations that are switched on. */
export type Deviations = ReadonlySet<DeviationId>

/** How a host chooses deviations. */
export interface DeviationOptions {
  /** Switches all deviations off. Default `false`: all are on. */
  readonly strict?: boolean
  /** Single deviations by `id`, on top of `strict`. */
  readonly deviations?: Readonly<Partial<Record<DeviationId, boolean>>>
}

/**
 * The deviations that a host's options switch on.
 *
 * @throws ConfigurationError when an option names a deviation that does not exist, or is no boolean
 */
export function resolveDeviations(options: DeviationOptions = {}): Deviations {
  const { strict = false, deviations: chosen = {} } = options
  const ids = deviations.map(({ id }) => id)
  for (const [id, value] of Object.entries(chosen)) {
    if (!(ids as readonly string[]).includes(id) || typeof value !== 'boolean') {
      throw new ConfigurationError(
        'ERR_SCIM_DEVIATION',
        `Option "deviations" has "${id}": ${String(value)}. ` +
          `Known deviations, each true or false: ${ids.join(', ')}.`,
      )
    }
  }
  return new Set(ids.filter((id) => (Object.hasOwn(chosen, id) ? chosen[id] : !strict)))
}
