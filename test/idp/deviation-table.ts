import type { DeviationId } from '../../lib/deviations.js'

/** One departure from the RFCs, accepted because provisioning clients in use depend on it. */
export interface Deviation {
  readonly id: DeviationId
  /** Identity providers that were seen to need it. */
  readonly idps: readonly string[]
  /** The RFC section that it departs from. */
  readonly source: string
  /** The behaviour while it is on, and while it is off. */
  readonly description: string
  /** File with the cases that prove both. */
  readonly test: string
}

/** Every departure from the RFCs that this service provider accepts, in the order of their ids. */
export const deviations: readonly Deviation[] = [
  {
    id: 'stringBooleans',
    idps: ['Entra ID', 'OneLogin', 'SCIM-SDK'],
    source: 'RFC 7643 §2.3.2',
    description:
      '"True" and "False", in upper or lower case, count as booleans for a boolean attribute; ' +
      'in filters also without quotation marks. Off: 400 invalidValue (invalidFilter in a ' +
      'filter).',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'emptyStringClears',
    idps: ['Entra ID'],
    source: 'RFC 7643 §2.5',
    description:
      'An empty string unassigns an attribute, like null, and an empty path of a PATCH ' +
      'operation counts as no path. Off: it is an ordinary value; 400 invalidPath.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'singleValueForMultiValued',
    idps: ['OneLogin'],
    source: 'RFC 7643 §2.4',
    description:
      'A single value instead of an array counts as an array of one. Off: 400 invalidValue.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'managerAsString',
    idps: ['Entra ID'],
    source: 'RFC 7643 §4.3',
    description:
      'A singular complex attribute with a sub-attribute "value" may be given as only that ' +
      'value: manager: "<id>". A filter may use its name for the value: urn:…:User:manager eq ' +
      '"<id>". Off: 400 invalidValue (invalidFilter in a filter).',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'membersAsStrings',
    idps: ['authentik'],
    source: 'RFC 7643 §2.4',
    description:
      'An element of a multi-valued complex attribute may be given as only its "value": ' +
      'members: ["<id>"]. Off: 400 invalidValue.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'missingSchemas',
    idps: ['Entra ID', 'authentik', 'WSO2'],
    source: 'RFC 7643 §3, RFC 7644 §3.5.2',
    description:
      'A message in which "schemas" is missing or empty is read as what the endpoint expects. ' +
      'Off: 400 invalidSyntax.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'legacyUrns',
    idps: ['Google Workspace', 'OneLogin', 'Entra ID'],
    source: 'RFC 7643 §3',
    description:
      '"schemas", and keys, PATCH paths, filters and lists of attributes, may have URNs of ' +
      'SCIM 1.1 and of drafts instead of the present ones. "schemas" may also list URIs ' +
      'unknown here; their ' +
      'attributes are ignored, like all unknown attributes. Off: 400 invalidSyntax; attributes ' +
      'under a legacy URN are unknown.',
    test: 'test/schema/deviations.test.ts',
  },
  {
    id: 'unlistedExtensions',
    idps: ['Entra ID'],
    source: 'RFC 7643 §3',
    description:
      'Attributes under the URN of an extension are accepted even if "schemas" does not list ' +
      'the URN. Off: 400 invalidSyntax.',
    test: 'test/schema/deviations.test.ts',
  },
  {
    id: 'countryNames',
    idps: ['Okta', 'Entra ID'],
    source: 'RFC 7643 §4.1.2',
    description:
      'addresses.country may be any text, e.g. the name of a country. Off: 400 invalidValue for ' +
      'anything other than two letters.',
    test: 'test/schema/deviations.test.ts',
  },
  {
    id: 'opCase',
    idps: ['Entra ID'],
    source: 'RFC 7644 §3.5.2',
    description: '"op" may be "Add", "REPLACE" and the like. Off: 400 invalidSyntax.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'emptyOperations',
    idps: ['Entra ID', 'Apache Syncope'],
    source: 'RFC 7644 §3.5.2',
    description: 'A PATCH without operations changes nothing. Off: 400 invalidSyntax.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'pathlessDottedKeys',
    idps: ['Entra ID', 'Okta'],
    source: 'RFC 7644 §3.5.2.1, RFC 7643 §2.1',
    description:
      'In a resource, and in the value of a PATCH operation without a path, a key may be a ' +
      'path: "name.familyName", "urn:…:User:department". Off: such keys are unknown attributes.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'ignoreReadOnlyInPathlessPatch',
    idps: ['Okta', 'authentik', 'Apache Syncope'],
    source: 'RFC 7644 §3.5.2',
    description:
      'readOnly attributes in the value of a PATCH operation without a path are ignored. Off: ' +
      '400 mutability.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'addCreatesValuePathTarget',
    idps: ['Entra ID', 'Oracle'],
    source: 'RFC 7644 §3.5.2.1',
    description:
      'PATCH add with a value filter that matches nothing creates the value that its "eq" terms ' +
      'describe. Off: 400 noTarget.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'replaceCreatesValuePathTarget',
    idps: ['Entra ID'],
    source: 'RFC 7644 §3.5.2.3',
    description:
      'PATCH replace with a value filter that matches nothing creates the value that its "eq" ' +
      'terms describe. Off: 400 noTarget.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'removeByValueList',
    idps: ['Entra ID', 'JumpCloud', 'authentik', 'Salesforce', 'Apache Syncope'],
    source: 'RFC 7644 §3.5.2.2',
    description:
      'PATCH remove of a multi-valued attribute, or of a sub-attribute of its values, with a ' +
      '"value" removes only the listed values: path "emails", value [{"value": "a@b.example"}]; ' +
      'path "roles.value", value "admin". Off: 400 invalidSyntax; it never removes all.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'wrappedMembers',
    idps: ['Salesforce'],
    source: 'RFC 7644 §3.5.2',
    description:
      'With a path, the value of a multi-valued attribute may be wrapped once more in the name ' +
      'of the attribute: path "members", value {"members": […]}. Off: 400 invalidValue.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'valueFilterOnSingular',
    idps: ['Entra ID'],
    source: 'RFC 7644 §3.5.2',
    description:
      'A PATCH path may have a value filter on a singular complex attribute: manager[value eq ' +
      '"<id>"]. Off: 400 invalidPath.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'unqualifiedExtensionAttributes',
    idps: ['Entra ID'],
    source: 'RFC 7644 §3.10',
    description:
      'A PATCH path or a filter may name an attribute of an extension without its URN if no ' +
      'other attribute has this name: "manager". Off: 400 invalidPath (invalidFilter in a ' +
      'filter).',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'bulkPatchBareOperations',
    idps: ['RFC 7644 §3.7.3'],
    source: 'RFC 7644 §3.5.2',
    description:
      'The data of a PATCH in a bulk request may be only the array of operations. Off: 400 ' +
      'invalidSyntax.',
    test: 'test/idp/complaints/bare-values.json',
  },
  {
    id: 'coreUrnAsKey',
    idps: ['RFC 7644 §3.10'],
    source: 'RFC 7643 §3',
    description:
      'Attributes of the base schema may be given under its URN: in a resource, in the value of ' +
      'a PATCH operation without a path, and with the URN as path: {"urn:…:core:2.0:User": ' +
      '{"active": false}}. Off: they are unknown attributes.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'dottedExtensionAttributes',
    idps: ['Apache Syncope', 'midPoint'],
    source: 'RFC 7644 §3.10',
    description:
      'A PATCH path or key, a filter and a list of attributes may have a dot instead of the ' +
      'colon after the URN of a schema: urn:…:User.employeeNumber. Off: an unknown attribute.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'arrayOfOne',
    idps: ['Entra ID', 'SCIM-SDK'],
    source: 'RFC 7643 §2.4, RFC 7644 §3.5.2',
    description:
      'An array of exactly one element counts as that element: for a singular attribute ' +
      '(active: [false]), after a value filter, for an extension, and as the value of a PATCH ' +
      'operation without a path. A simple attribute may also have it as {"value": …}. Off: 400 ' +
      'invalidValue.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'jsonText',
    idps: ['Entra ID'],
    source: 'RFC 7643 §2.3.8',
    description:
      'The JSON text of an object or array is accepted for a complex attribute, an extension ' +
      'and the value of a PATCH operation without a path, up to 32,768 characters; also for an ' +
      'element of a list as its only part: {"value": "{\\"id\\":…,\\"value\\":\\"Admin\\"}"}, ' +
      'and in the value filter of a PATCH path. Off: 400 invalidValue, and in an element an ' +
      'ordinary text.',
    test: 'test/patch/deviations.test.ts',
  },
  {
    id: 'accessEndsDespiteConflict',
    idps: ['Okta', 'Entra ID'],
    source: 'RFC 7644 §3.5.1, §3.5.2',
    description:
      'If a PUT or PATCH gets a 409 because another resource has one of its values, it still ' +
      'ends ' +
      'access as far as it asks for that: active becomes false, members leave. Off: nothing ' +
      'changes.',
    test: 'test/resources/refused.sql.test.ts',
  },
  {
    id: 'searchNumbersAsText',
    idps: ['SCIM-SDK'],
    source: 'RFC 7644 §3.4.3',
    description:
      'A search by POST may give startIndex and count as strings of digits: "count": "2". Off: ' +
      '400 invalidValue.',
    test: 'test/idp/scim-sdk/search.json',
  },
  {
    id: 'emailAlias',
    idps: ['Okta', 'PingFederate'],
    source: 'RFC 7644 §3.4.2.2',
    description:
      'A filter on users may use "email" or "email.value" for "emails.value". Off: 400 ' +
      'invalidFilter.',
    test: 'test/filter/deviations.test.ts',
  },
  {
    id: 'valuePathSubAttribute',
    idps: ['Entra ID'],
    source: 'RFC 7644 §3.4.2.2',
    description:
      'A filter may compare a sub-attribute of filtered values: emails[type eq "work"].value eq ' +
      '"…". Off: 400 invalidFilter.',
    test: 'test/filter/deviations.test.ts',
  },
  {
    id: 'unquotedResourceType',
    idps: ['RFC 7644 §3.4.2.1'],
    source: 'RFC 7644 §3.4.2.2',
    description:
      'A filter may say meta.resourceType eq User without quotation marks. Off: 400 ' +
      'invalidFilter.',
    test: 'test/filter/deviations.test.ts',
  },
  {
    id: 'bareFilterValues',
    idps: ['authentik', 'Entra ID'],
    source: 'RFC 7644 §3.4.2.2',
    description:
      'In a filter, one word without quotation marks, spaces and brackets is a string: userName ' +
      'eq ada@acme.example, meta.created gt 2026-01-31T09:00:00Z. So is a number if the ' +
      'attribute is a string. true, false and null keep their meaning. Off: 400 invalidFilter.',
    test: 'test/filter/deviations.test.ts',
  },
  {
    id: 'valueFilterInProjection',
    idps: ['Entra ID'],
    source: 'RFC 7644 §3.9',
    description:
      'A value filter inside "attributes" or "excludedAttributes" is ignored. Off: the name is ' +
      'unknown.',
    test: 'test/projection/deviations.test.ts',
  },
]
