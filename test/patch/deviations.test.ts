import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type DeviationId, resolveDeviations } from '../../lib/deviations.js'
import { ConfigurationError } from '../../lib/errors.js'
import { readPatch } from '../../lib/patch/read-patch.js'
import type { Json, JsonObject } from '../../lib/schema/types.js'
import { deviations } from '../idp/deviation-table.js'
import {
  type Choice,
  enterprise,
  optionsOf,
  patch,
  patchOp,
  refusal,
  resources,
} from './fixtures.js'

const work = { value: 'ines@acme.example', type: 'work', primary: true }
const home = { value: 'ines@home.example', type: 'home' }
const [ada, bob, cleaners] = resources['Group']!['members'] as JsonObject[]
const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const sales = resources['User']![enterprise] as JsonObject
const names = resources['User']!['name'] as JsonObject

/** An element as Entra ID names an app role: by the JSON text of its whole, quoted for a filter. */
const inFilter = (element: JsonObject) => JSON.stringify(JSON.stringify(element))
const homeAsText = inFilter({ id: '1', value: home.value, displayName: 'Home' })

/** Attributes that differ afterwards (`null`: unassigned), or the `scimType` of the refusal. */
type Outcome = JsonObject | string

interface Row {
  readonly id: DeviationId
  readonly name: string
  readonly type?: 'User' | 'Group' | 'Device'
  readonly given?: JsonObject
  readonly operation: JsonObject
  readonly on: Outcome
  readonly off: Outcome
}

const rows: readonly Row[] = [
  {
    id: 'stringBooleans',
    name: 'text for active (Entra ID, R-PATCH-55)',
    operation: { op: 'replace', path: 'active', value: 'False' },
    on: { active: false },
    off: 'invalidValue',
  },
  {
    id: 'stringBooleans',
    name: 'text for active without a path',
    operation: { op: 'replace', value: { active: 'FALSE' } },
    on: { active: false },
    off: 'invalidValue',
  },
  {
    id: 'stringBooleans',
    name: 'text for primary',
    operation: { op: 'replace', path: 'emails[type eq "home"].primary', value: 'True' },
    on: {
      emails: [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    },
    off: 'invalidValue',
  },
  {
    id: 'stringBooleans',
    name: 'text for a boolean in a value filter (Entra ID)',
    operation: { op: 'replace', path: 'emails[primary eq "True"].display', value: 'I' },
    on: { emails: [{ ...work, display: 'I' }, home] },
    off: 'invalidFilter',
  },
  {
    id: 'stringBooleans',
    name: 'other text for a boolean is refused all the same',
    operation: { op: 'replace', path: 'active', value: 'yes' },
    on: 'invalidValue',
    off: 'invalidValue',
  },
  {
    id: 'stringBooleans',
    name: 'text for a text attribute stays text',
    operation: { op: 'replace', path: 'title', value: 'True' },
    on: { title: 'True' },
    off: { title: 'True' },
  },
  {
    id: 'emptyStringClears',
    name: 'an empty string by path (Entra ID)',
    operation: { op: 'replace', path: 'nickName', value: '' },
    on: { nickName: null },
    off: { nickName: '' },
  },
  {
    id: 'emptyStringClears',
    name: 'an empty string by a dotted name without a path',
    operation: { op: 'replace', value: { 'name.formatted': '' } },
    on: { name: { givenName: 'Ines', familyName: 'Moreau' } },
    off: { name: { ...names, formatted: '' } },
  },
  {
    id: 'emptyStringClears',
    name: "an empty string for the manager's value (Entra ID)",
    operation: { op: 'replace', path: `${enterprise}:manager`, value: { value: '' } },
    on: { [enterprise]: { department: 'Sales', employeeNumber: 'E-1' } },
    off: { [enterprise]: { ...sales, manager: { value: '' } } },
  },
  {
    id: 'emptyStringClears',
    name: 'an empty string for the manager (Entra ID)',
    operation: { op: 'replace', path: `${enterprise}:manager`, value: '' },
    on: { [enterprise]: { department: 'Sales', employeeNumber: 'E-1' } },
    off: { [enterprise]: { ...sales, manager: { value: '' } } },
  },
  {
    id: 'emptyStringClears',
    name: 'an empty string for a multi-valued attribute',
    operation: { op: 'replace', path: 'emails', value: '' },
    on: { emails: null },
    off: 'invalidValue',
  },
  {
    id: 'emptyStringClears',
    name: 'an empty string for members is refused all the same (S-INT-06)',
    type: 'Group',
    operation: { op: 'replace', path: 'members', value: '' },
    on: 'invalidValue',
    off: 'invalidValue',
  },
  {
    id: 'singleValueForMultiValued',
    name: 'an object in place of an array (OneLogin, R-TYPE-13)',
    operation: { op: 'add', path: 'emails', value: { value: 'x@y.example' } },
    on: { emails: [work, home, { value: 'x@y.example' }] },
    off: 'invalidValue',
  },
  {
    id: 'singleValueForMultiValued',
    name: 'text in place of an array',
    type: 'Device',
    operation: { op: 'replace', path: 'tags', value: 'red' },
    on: { tags: ['red'] },
    off: 'invalidValue',
  },
  {
    id: 'managerAsString',
    name: 'the id alone (Entra ID, R-ENT-05)',
    operation: { op: 'add', path: `${enterprise}:manager`, value: 'm2' },
    on: { [enterprise]: { ...sales, manager: { value: 'm2' } } },
    off: 'invalidValue',
  },
  {
    id: 'arrayOfOne',
    name: 'an array of one manager (Entra ID)',
    operation: {
      op: 'replace',
      path: `${enterprise}:manager`,
      value: [{ $ref: 'https://x.example/Users/m2', value: 'm2' }],
    },
    on: { [enterprise]: { ...sales, manager: { value: 'm2' } } },
    off: 'invalidValue',
  },
  {
    id: 'managerAsString',
    name: 'an array of two is refused all the same',
    operation: {
      op: 'replace',
      path: `${enterprise}:manager`,
      value: [{ value: 'm2' }, { value: 'm3' }],
    },
    on: 'invalidValue',
    off: 'invalidValue',
  },
  {
    id: 'arrayOfOne',
    name: 'an array of one for a truth value (Entra ID, E9)',
    operation: { op: 'replace', path: 'active', value: [false] },
    on: { active: false },
    off: 'invalidValue',
  },
  {
    id: 'arrayOfOne',
    name: 'an array of one for a complex attribute (E9)',
    operation: { op: 'replace', path: 'name', value: [{ givenName: 'Ann' }] },
    on: { name: { ...names, givenName: 'Ann' } },
    off: 'invalidValue',
  },
  {
    id: 'arrayOfOne',
    name: 'an object that says nothing but its value (Entra ID, E9)',
    operation: {
      op: 'add',
      path: `${enterprise}:department`,
      value: [{ $ref: null, value: 'Ops' }],
    },
    on: { [enterprise]: { ...sales, department: 'Ops' } },
    off: 'invalidValue',
  },
  {
    id: 'arrayOfOne',
    name: 'an object that says more than its value is refused',
    operation: { op: 'replace', path: 'active', value: [{ value: false, reason: 'left' }] },
    on: 'invalidValue',
    off: 'invalidValue',
  },
  {
    id: 'arrayOfOne',
    name: 'an array of null unassigns',
    operation: { op: 'replace', path: 'title', value: [null] },
    on: { title: null },
    off: 'invalidValue',
  },
  {
    id: 'arrayOfOne',
    name: 'an array of null leaves what is required',
    operation: { op: 'replace', path: 'userName', value: [null] },
    on: 'mutability',
    off: 'invalidValue',
  },
  {
    id: 'arrayOfOne',
    name: 'an array of one behind a filter that matches (A6, E4)',
    operation: { op: 'add', path: 'emails[type eq "home"]', value: [{ value: 'n@x.example' }] },
    on: { emails: [work, { ...home, value: 'n@x.example' }] },
    off: 'invalidValue',
  },
  {
    id: 'arrayOfOne',
    name: 'an array of one behind a filter that matches nothing (A6, E4)',
    operation: { op: 'add', path: 'emails[type eq "other"]', value: [{ value: 'n@x.example' }] },
    on: { emails: [work, home, { type: 'other', value: 'n@x.example' }] },
    off: 'invalidValue',
  },
  {
    id: 'jsonText',
    name: 'the JSON text of a value behind a filter (E2)',
    operation: {
      op: 'replace',
      path: 'emails[type eq "home"]',
      value: '{"type":"home","value":"new@x.example"}',
    },
    on: { emails: [work, { type: 'home', value: 'new@x.example' }] },
    off: 'invalidValue',
  },
  {
    id: 'jsonText',
    name: 'the JSON text of one value of a list (E2)',
    operation: { op: 'add', path: 'emails', value: '{"type":"other","value":"new@x.example"}' },
    on: { emails: [work, home, { type: 'other', value: 'new@x.example' }] },
    off: 'invalidValue',
  },
  {
    id: 'jsonText',
    name: 'the JSON text of a value as its only part (app roles of Entra ID)',
    operation: {
      op: 'add',
      path: 'emails',
      value: [{ value: '{"value":"new@x.example","display":"N"}' }],
    },
    on: { emails: [work, home, { value: 'new@x.example', display: 'N' }] },
    off: { emails: [work, home, { value: '{"value":"new@x.example","display":"N"}' }] },
  },
  {
    id: 'jsonText',
    name: 'the JSON text of a value as its only part, behind a filter',
    operation: {
      op: 'replace',
      path: 'emails[type eq "home"]',
      value: { value: '{"value":"new@x.example"}' },
    },
    on: { emails: [work, { type: 'home', value: 'new@x.example' }] },
    off: { emails: [work, { type: 'home', value: '{"value":"new@x.example"}' }] },
  },
  ...[
    { filter: `value eq ${homeAsText}`, on: [work], off: [work, home] },
    { filter: `not (value eq ${homeAsText})`, on: [home], off: null },
    { filter: `value ne ${homeAsText} and type eq "work"`, on: [home], off: [home] },
    { filter: `type eq "x" or VALUE eq ${homeAsText}`, on: [work], off: [work, home] },
    { filter: `type eq ${inFilter({ value: 'home' })}`, on: [work, home], off: [work, home] },
    { filter: `value eq ${inFilter({ value: 5 })}`, on: [work, home], off: [work, home] },
  ].map(
    ({ filter, on, off }): Row => ({
      id: 'jsonText',
      name: `the JSON text of a value in a filter: ${filter}`,
      operation: { op: 'remove', path: `emails[${filter}]` },
      on: { emails: on },
      off: { emails: off },
    }),
  ),
  {
    id: 'jsonText',
    name: 'text like JSON in the filter of a singular attribute, which is not unwrapped',
    operation: {
      op: 'remove',
      path: `${enterprise}:manager[value eq ${inFilter({ value: 'm1' })}]`,
    },
    on: {},
    off: {},
  },
  {
    id: 'jsonText',
    name: 'the JSON text of a member in a filter',
    type: 'Group',
    operation: { op: 'remove', path: `members[value eq ${inFilter({ id: '1', value: 'a' })}]` },
    on: { members: [bob!, cleaners!] },
    off: { members: [ada!, bob!, cleaners!] },
  },
  {
    id: 'jsonText',
    name: 'the JSON text of a complex attribute in an array (SCIM-SDK)',
    operation: { op: 'replace', path: 'name', value: ['{"givenName":"K"}'] },
    on: { name: { ...names, givenName: 'K' } },
    off: 'invalidValue',
  },
  ...['urn:scim:schemas:core:1.0:active', 'URN:scim:schemas:core:2.0:User.active'].map(
    (path): Row => ({
      id: 'legacyUrns',
      name: `a path under a legacy URN: ${path}`,
      operation: { op: 'replace', path, value: false },
      on: { active: false },
      off: 'invalidPath',
    }),
  ),
  {
    id: 'legacyUrns',
    name: 'a key under a legacy URN',
    operation: {
      op: 'replace',
      value: { 'urn:scim:schemas:extension:enterprise:1.0:division': 'D', title: 'T' },
    },
    on: { [enterprise]: { ...sales, division: 'D' }, title: 'T' },
    off: 'invalidSyntax',
  },
  {
    id: 'emptyStringClears',
    name: 'an empty path',
    operation: { op: 'replace', path: '', value: { active: false } },
    on: { active: false },
    off: 'invalidPath',
  },
  ...[
    { of: 'a value without a path', place: {}, given: { active: false } },
    { of: 'an extension', place: { path: enterprise }, given: { division: 'D' } },
    { of: 'the base schema', place: { path: userUrn }, given: { active: false } },
  ].flatMap(({ of, place, given }): readonly Row[] => {
    const on = 'division' in given ? { [enterprise]: { ...sales, ...given } } : given
    const operation = { op: 'replace', ...place }
    const off = 'invalidValue'
    return [
      {
        id: 'arrayOfOne',
        name: `an array of one around the attributes of ${of}`,
        operation: { ...operation, value: [given] },
        ...{ on, off },
      },
      {
        id: 'jsonText',
        name: `the JSON text of the attributes of ${of}`,
        operation: { ...operation, value: JSON.stringify(given) },
        ...{ on, off },
      },
    ]
  }),
  {
    id: 'coreUrnAsKey',
    name: 'attributes under the URN of the base schema (E1)',
    operation: { op: 'replace', value: { [userUrn]: { active: false }, title: 'T' } },
    on: { active: false, title: 'T' },
    off: { title: 'T' },
  },
  {
    id: 'coreUrnAsKey',
    name: 'the URN of the base schema as path (E1)',
    operation: { op: 'replace', path: userUrn, value: { active: false } },
    on: { active: false },
    off: 'invalidPath',
  },
  {
    id: 'coreUrnAsKey',
    name: 'members under the URN of the base schema (E1)',
    type: 'Group',
    operation: { op: 'add', value: { [groupUrn]: { members: [{ value: 'n' }] } } },
    on: { members: [ada!, bob!, cleaners!, { value: 'n' }] },
    off: 'invalidPath',
  },
  {
    id: 'dottedExtensionAttributes',
    name: 'a dot for the colon in a path (Apache Syncope, E3)',
    operation: { op: 'replace', path: `${enterprise}.department`, value: 'Ops' },
    on: { [enterprise]: { ...sales, department: 'Ops' } },
    off: 'invalidPath',
  },
  {
    id: 'dottedExtensionAttributes',
    name: 'a dot for the colon in a key (Apache Syncope, E3)',
    operation: { op: 'replace', value: { [`${enterprise}.department`]: 'Ops' } },
    on: { [enterprise]: { ...sales, department: 'Ops' } },
    off: 'invalidSyntax',
  },
  {
    id: 'unqualifiedExtensionAttributes',
    name: 'a key without the URN of its extension (Entra ID, A16)',
    operation: { op: 'replace', value: { manager: 'm2' } },
    on: { [enterprise]: { ...sales, manager: { value: 'm2' } } },
    off: 'invalidPath',
  },
  {
    id: 'membersAsStrings',
    name: 'ids alone in an array (authentik)',
    type: 'Group',
    operation: { op: 'add', path: 'members', value: ['n', 'a'] },
    on: { members: [ada!, bob!, cleaners!, { value: 'n' }] },
    off: 'invalidValue',
  },
  {
    id: 'membersAsStrings',
    name: 'ids alone in an array to remove (R-PATCH-25)',
    type: 'Group',
    operation: { op: 'remove', path: 'members', value: ['a', 'x'] },
    on: { members: [bob!, cleaners!] },
    off: 'invalidValue',
  },
  {
    id: 'opCase',
    name: 'a capital (Entra ID, R-PATCH-04)',
    operation: { op: 'Replace', path: 'title', value: 'T' },
    on: { title: 'T' },
    off: 'invalidSyntax',
  },
  {
    id: 'opCase',
    name: 'all capitals (R-PATCH-04)',
    operation: { op: 'REMOVE', path: 'nickName' },
    on: { nickName: null },
    off: 'invalidSyntax',
  },
  {
    id: 'pathlessDottedKeys',
    name: 'a sub-attribute (Entra ID, R-PATCH-15)',
    operation: { op: 'replace', value: { 'name.familyName': 'Roux' } },
    on: { name: { ...names, familyName: 'Roux' } },
    off: 'invalidSyntax',
  },
  {
    id: 'pathlessDottedKeys',
    name: 'an attribute of an extension (Entra ID, R-PATCH-15)',
    operation: { op: 'add', value: { [`${enterprise}:department`]: 'Ops' } },
    on: { [enterprise]: { ...sales, department: 'Ops' } },
    off: 'invalidSyntax',
  },
  {
    id: 'pathlessDottedKeys',
    name: 'a sub-attribute of an extension, inside the extension',
    operation: { op: 'add', value: { [enterprise]: { 'manager.value': 'm2' } } },
    on: { [enterprise]: { ...sales, manager: { value: 'm2' } } },
    off: 'invalidSyntax',
  },
  {
    id: 'pathlessDottedKeys',
    name: 'filtered values',
    operation: { op: 'replace', value: { 'emails[type eq "home"].value': 'x@y.example' } },
    on: { emails: [work, { ...home, value: 'x@y.example' }] },
    off: 'invalidSyntax',
  },
  {
    id: 'pathlessDottedKeys',
    name: 'an unknown path is refused all the same (N1)',
    operation: { op: 'replace', value: { 'no.such.path': 'x' } },
    on: 'invalidSyntax',
    off: 'invalidSyntax',
  },
  {
    id: 'ignoreReadOnlyInPathlessPatch',
    name: 'id and groups beside a change (Okta, R-PATCH-36)',
    operation: { op: 'replace', value: { id: 'x', groups: [], title: 'T' } },
    on: { title: 'T' },
    off: 'mutability',
  },
  {
    id: 'ignoreReadOnlyInPathlessPatch',
    name: 'a sub-attribute of meta',
    operation: { op: 'replace', value: { 'meta.version': 'x', title: 'T' } },
    on: { title: 'T' },
    off: 'mutability',
  },
  {
    id: 'ignoreReadOnlyInPathlessPatch',
    name: 'schemas beside a change leaves the extension alone',
    operation: {
      op: 'replace',
      value: { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], title: 'T' },
    },
    on: { title: 'T' },
    off: { title: 'T', [enterprise]: null },
  },
  {
    id: 'addCreatesValuePathTarget',
    name: 'a first value (Entra ID, R-PATCH-34, S13)',
    operation: { op: 'add', path: 'phoneNumbers[type eq "mobile"].value', value: '1' },
    on: { phoneNumbers: [{ type: 'mobile', value: '1' }] },
    off: 'noTarget',
  },
  {
    id: 'addCreatesValuePathTarget',
    name: 'a value of several terms (Oracle, R-PATCH-34)',
    operation: {
      op: 'add',
      path: 'emails[primary eq true and type eq "other"].value',
      value: 'x@y.example',
    },
    on: {
      emails: [
        { ...work, primary: false },
        home,
        { primary: true, type: 'other', value: 'x@y.example' },
      ],
    },
    off: 'noTarget',
  },
  {
    id: 'addCreatesValuePathTarget',
    name: 'a whole value',
    operation: { op: 'add', path: 'emails[type eq "other"]', value: { value: 'x@y.example' } },
    on: { emails: [work, home, { type: 'other', value: 'x@y.example' }] },
    off: 'noTarget',
  },
  {
    id: 'addCreatesValuePathTarget',
    name: 'a member (Entra ID)',
    type: 'Group',
    operation: { op: 'add', path: 'members[value eq "n"]', value: { value: 'n' } },
    on: { members: [ada!, bob!, cleaners!, { value: 'n' }] },
    off: 'noTarget',
  },
  {
    id: 'addCreatesValuePathTarget',
    name: 'terms that contradict each other describe nothing',
    operation: { op: 'add', path: 'emails[type eq "a" and type eq "b"].value', value: 'x' },
    on: 'noTarget',
    off: 'noTarget',
  },
  {
    id: 'addCreatesValuePathTarget',
    name: 'a value that the filter would not find is not created',
    operation: { op: 'add', path: 'emails[type eq "other"]', value: { type: 'x', value: 'y' } },
    on: 'noTarget',
    off: 'noTarget',
  },
  {
    id: 'replaceCreatesValuePathTarget',
    name: 'a value (Entra ID)',
    operation: { op: 'replace', path: 'emails[type eq "other"].value', value: 'x@y.example' },
    on: { emails: [work, home, { type: 'other', value: 'x@y.example' }] },
    off: 'noTarget',
  },
  {
    id: 'replaceCreatesValuePathTarget',
    name: 'an empty value creates nothing and is no failure (Entra ID)',
    operation: { op: 'replace', path: 'emails[type eq "other"].value', value: null },
    on: {},
    off: 'noTarget',
  },
  {
    id: 'removeByValueList',
    name: 'members (Entra ID, R-PATCH-25, I-18)',
    type: 'Group',
    operation: { op: 'remove', path: 'members', value: [{ value: 'a' }] },
    on: { members: [bob!, cleaners!] },
    off: 'invalidSyntax',
  },
  {
    id: 'removeByValueList',
    name: 'other values',
    operation: { op: 'remove', path: 'emails', value: [{ value: 'ines@home.example' }] },
    on: { emails: [work] },
    off: 'invalidSyntax',
  },
  {
    id: 'removeByValueList',
    name: 'a sub-attribute by its value, in no other element',
    operation: { op: 'remove', path: 'emails.value', value: 'Ines@HOME.example' },
    on: { emails: [work] },
    off: 'invalidSyntax',
  },
  {
    id: 'removeByValueList',
    name: 'a sub-attribute by several values',
    operation: { op: 'remove', path: 'emails.type', value: ['home', 'other'] },
    on: { emails: [work, { value: 'ines@home.example' }] },
    off: 'invalidSyntax',
  },
  {
    id: 'removeByValueList',
    name: 'a sub-attribute by a value that no element has',
    operation: { op: 'remove', path: 'emails.type', value: 'other' },
    on: {},
    off: 'invalidSyntax',
  },
  {
    id: 'wrappedMembers',
    name: 'members to remove (Salesforce, R-PATCH-25)',
    type: 'Group',
    operation: { op: 'remove', path: 'members', value: { members: [{ value: 'a' }] } },
    on: { members: [bob!, cleaners!] },
    off: 'invalidValue',
  },
  {
    id: 'wrappedMembers',
    name: 'members to add',
    type: 'Group',
    operation: { op: 'add', path: 'members', value: { Members: [{ value: 'n' }] } },
    on: { members: [ada!, bob!, cleaners!, { value: 'n' }] },
    off: 'invalidValue',
  },
  {
    id: 'valueFilterOnSingular',
    name: 'the manager that is there (Entra ID)',
    operation: { op: 'remove', path: `${enterprise}:manager[value eq "m1"]` },
    on: { [enterprise]: { department: 'Sales', employeeNumber: 'E-1' } },
    off: 'invalidPath',
  },
  {
    id: 'valueFilterOnSingular',
    name: 'another manager than the one that is there',
    operation: { op: 'remove', path: `${enterprise}:manager[value eq "m9"]` },
    on: {},
    off: 'invalidPath',
  },
  {
    id: 'valueFilterOnSingular',
    name: 'a sub-attribute of the one that is there',
    operation: { op: 'replace', path: 'name[givenName eq "ines"].familyName', value: 'Roux' },
    on: { name: { ...names, familyName: 'Roux' } },
    off: 'invalidPath',
  },
  {
    id: 'valueFilterOnSingular',
    name: 'never puts another one in the place of the one that is there',
    operation: { op: 'add', path: `${enterprise}:manager[value eq "m9"]`, value: { value: 'm9' } },
    on: 'noTarget',
    off: 'invalidPath',
  },
  {
    id: 'unqualifiedExtensionAttributes',
    name: 'manager (Entra ID)',
    operation: { op: 'add', path: 'manager', value: { value: 'm2' } },
    on: { [enterprise]: { ...sales, manager: { value: 'm2' } } },
    off: 'invalidPath',
  },
]

describe.each(rows)('deviation $id: $name', (row) => {
  const others = Object.fromEntries(
    deviations.map(({ id }) => [id, id !== row.id]),
  ) as Choice['deviations'] & object

  it('is accepted while it is on', () => {
    expectOutcome(row, row.on, {})
  })

  it('is refused, or means what the RFC says, while it alone is off', () => {
    expectOutcome(row, row.off, { deviations: others })
  })
})

function expectOutcome(row: Row, outcome: Outcome, options: Choice): void {
  const { type = 'User' } = row
  const run = () => patch(type, [row.operation] as Json, options)
  if (typeof outcome === 'string') {
    expect(refusal(run).scimType).toBe(outcome)
    return
  }
  const expected = Object.entries({ ...resources[type], ...outcome }).filter(
    ([, value]) => value !== null,
  )
  expect(run().resource).toEqual(Object.fromEntries(expected))
}

it('an element that an earlier version has stored as its JSON text is found by it', () => {
  const stored = { value: JSON.parse(homeAsText) as string }
  const resource = { ...resources['User'], emails: [work, stored] }
  const operation = { op: 'remove', path: `emails[value eq ${homeAsText}]` }
  expect(patch('User', [operation], { resource }).resource['emails']).toEqual([work])
})

describe('deviation missingSchemas (R-PATCH-01)', () => {
  const operations = [{ op: 'remove', path: 'title' }]

  it.each([
    ['without schemas', { Operations: operations }],
    ['with an empty schemas', { schemas: [], Operations: operations }],
  ])('takes a PATCH %s', (_, body) => {
    expect(readPatch(body, optionsOf())).toEqual(operations)
    const strict = optionsOf({ deviations: { missingSchemas: false } })
    expect(refusal(() => readPatch(body, strict)).scimType).toBe('invalidSyntax')
  })
})

describe('deviation emptyOperations (R-PATCH-02)', () => {
  it('takes a PATCH without operations', () => {
    const body = { schemas: [patchOp], Operations: [] }
    expect(readPatch(body, optionsOf())).toEqual([])
    const strict = optionsOf({ deviations: { emptyOperations: false } })
    expect(refusal(() => readPatch(body, strict)).scimType).toBe('invalidSyntax')
  })

  it('takes a PATCH of nothing but schemas (Apache Syncope, clients D)', () => {
    const body = { schemas: [patchOp] }
    expect(readPatch(body, optionsOf())).toEqual([])
    const strict = optionsOf({ deviations: { emptyOperations: false } })
    expect(refusal(() => readPatch(body, strict)).scimType).toBe('invalidSyntax')
    const whole = { ...body, active: false }
    expect(refusal(() => readPatch(whole, optionsOf())).scimType).toBe('invalidSyntax')
  })
})

describe('deviation arrayOfOne (R-PATCH-39)', () => {
  it('takes an array of one object as the value of an operation without a path (SCIM-SDK, clients E)', () => {
    const body = {
      schemas: [patchOp],
      Operations: [{ op: 'replace', value: [{ title: 'Dr', active: true }] }],
    }
    const read = readPatch(body, optionsOf())
    expect(read).toEqual([{ op: 'replace', value: { title: 'Dr', active: true } }])
  })
})

describe('the table of deviations', () => {
  it('names for each the test that proves it', () => {
    const unproven = deviations.filter(({ id, test }) => {
      const file = path.join(__dirname, '../..', test)
      return !existsSync(file) || !readFileSync(file, 'utf8').includes(id)
    })
    expect(unproven.map(({ id }) => id)).toEqual([])
  })

  it('has each id once', () => {
    const ids = deviations.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('resolveDeviations', () => {
  it('switches all on by default and all off when strict', () => {
    expect(resolveDeviations().size).toBe(deviations.length)
    expect(resolveDeviations({ strict: true }).size).toBe(0)
  })

  it('lets a host choose single ones', () => {
    const chosen = { opCase: true, emptyOperations: false }
    expect([...resolveDeviations({ strict: true, deviations: chosen })]).toEqual(['opCase'])
    expect(resolveDeviations({ deviations: chosen }).has('emptyOperations')).toBe(false)
  })

  it.each([
    ['an unknown id', { noSuch: true }],
    ['a name that every object inherits', { toString: true }],
    ['something else than true or false', { opCase: 'yes' }],
  ])('refuses %s', (_, chosen) => {
    const resolve = () => resolveDeviations({ deviations: chosen as object })
    expect(resolve).toThrow(ConfigurationError)
    expect(resolve).toThrow(/Known deviations/)
  })
})
