import { type AuditEntry, type EventName, eventNames } from '../events/catalogue.js'
import { organizationRoles, projectRoles } from '../mapping/roles.js'
import type { AccountReference, Grant, MappingRules } from '../mapping/types.js'
import type { AttributeDefinition, Json, ResourceType } from '../schema/types.js'
import type { AccessRecord, PassedOver, StoredToken } from '../stores/index.js'
import { instant } from './subject.js'

/**
 * A type with every member required, at every depth: the compiler refuses a sample that lacks a
 * field, also one that is added to the type later.
 */
export type Full<T> = T extends object
  ? { readonly [Name in keyof T]-?: Full<Exclude<T[Name], undefined>> }
  : T

/** The names of the members that may be absent. */
type OptionalNames<T> = {
  [Name in keyof T]-?: undefined extends T[Name] ? Name : never
}[keyof T]

/** Names, each once: the compiler refuses a list that lacks one. */
export type EachOf<Names extends PropertyKey> = Readonly<Record<Names, true>>

/** The sample without what may be absent. */
export function leastOf<T>(full: T, optional: EachOf<OptionalNames<T>>): T {
  const kept = Object.entries(full as object).filter(([name]) => !(name in optional))
  return Object.fromEntries(kept) as T
}

/** Text with what stores change: quotes, Unicode, blanks at the ends, ends of lines. */
export function text(name: string): string {
  return ` ${name} it's "100%" \\ _ é e\u0301 \u{1d4b3}\r\nsecond\nline\t `
}

/** Text that is longer than a usual column. */
export function longText(name: string): string {
  return text(name).repeat(200)
}

const grants: { readonly [Kind in Grant['kind']]: Full<Extract<Grant, { kind: Kind }>> } = {
  role: { kind: 'role', role: 'Reviewer', unconfirmed: true },
  workspace: { kind: 'workspace', title: text('title'), workspaceId: 12, unconfirmed: true },
  project: {
    kind: 'project',
    projectId: 7,
    role: 'Inherit',
    onlyRole: true,
    unconfirmed: true,
  },
}

const leastGrants: readonly Grant[] = [
  { kind: 'role', role: 'Manager' },
  { kind: 'workspace', title: 'Photos' },
  { kind: 'project', projectId: 7, role: 'Annotator' },
]

const account: Full<AccountReference> = {
  id: '7',
  email: 'account@example.com',
  since: '2026-01-31T12:00:00.123456Z',
  origin: 'adopted',
  isProtected: true,
  isTentative: true,
}

const origins: EachOf<AccountReference['origin']> = { created: true, adopted: true, imported: true }
const states: EachOf<NonNullable<AccessRecord['enforced']>> = { active: true, deprovisioned: true }

/** A record of this person in which every field has a value. */
export function fullRecord(userId: string): Full<AccessRecord> {
  return {
    userId,
    email: 'person@example.com',
    applied: [grants.workspace, grants.role, grants.project],
    deferred: [grants.project, grants.workspace, grants.role],
    notes: [longText('note'), 'b', 'a', 'b'],
    account,
    enforced: 'active',
    hadRole: true,
    at: instant(123),
  }
}

/** Records of several people: with everything, with nothing, with each value of each list. */
export function records(): readonly AccessRecord[] {
  const full = fullRecord('full')
  const least: AccessRecord = leastOf<AccessRecord>(full, {
    email: true,
    account: true,
    enforced: true,
  })
  const leastAccount = leastOf<AccountReference>(account, {
    email: true,
    since: true,
    isProtected: true,
    isTentative: true,
  })
  const granted = { email: 'b@example.com', applied: leastGrants, deferred: leastGrants }
  const of = (name: string) => ({ userId: name, account: { ...leastAccount, id: name } })
  return [
    full,
    { ...full, userId: 'grants', account: { ...leastAccount, id: '8' }, ...granted },
    { ...least, userId: 'least', applied: [], deferred: [], notes: [], hadRole: false },
    ...Object.keys(origins).map((origin): AccessRecord => {
      const mine = of(`origin ${origin}`)
      const named = { ...mine.account, origin: origin as AccountReference['origin'] }
      return { ...least, ...mine, account: named, hadRole: false }
    }),
    ...Object.keys(states).map((enforced) => ({
      ...least,
      ...of(`state ${enforced}`),
      enforced: enforced as AccessRecord['enforced'],
    })),
  ]
}

/** Rules with every role, in an order of their own, some twice. */
export function fullRules(): MappingRules {
  const roles = organizationRoles.map((role) => [role, text(role)] as const)
  const rules: Full<MappingRules> = {
    roles_groups: [...roles, ['Manager', 'b'], ['Manager', 'a'], ['Manager', 'b']],
    workspaces_groups: [
      [text('workspace'), text('group')],
      ['b', 'x'],
      ['a', 'x'],
      ['b', 'x'],
    ],
    projects_groups: [...projectRoles, ...projectRoles].map((role, index) => ({
      project_id: 5_000_000 - index,
      group: text('group'),
      role,
    })),
  }
  return rules
}

const outcomes: EachOf<AuditEntry['outcome']> = { succeeded: true, refused: true, failed: true }

/** An entry in which every field has a value. */
export function fullEntry(tenant: string, event: EventName = 'user.patched'): Full<AuditEntry> {
  return {
    at: instant(123),
    event,
    tenant,
    actor: text('actor'),
    requestId: text('request'),
    outcome: 'refused',
    target: { resourceType: 'User', id: 'target', name: text('name') },
    attributes: ['userName', 'emails.value', 'active', 'emails.value'],
    members: Array.from({ length: 100 }, (_, index) => `member ${99 - index}`),
    count: 2_500,
    detail: longText('detail'),
    status: 409,
    scimType: 'uniqueness',
  }
}

/** Entries of every event and outcome, with everything and with nothing. */
export function entries(tenant: string): readonly AuditEntry[] {
  const least = leastOf<AuditEntry>(fullEntry(tenant), {
    target: true,
    attributes: true,
    members: true,
    count: true,
    detail: true,
    status: true,
    scimType: true,
  })
  return [
    least,
    ...eventNames.map((event) => fullEntry(tenant, event)),
    ...Object.keys(outcomes).map((outcome) => ({ ...least, outcome }) as AuditEntry),
    { ...least, target: { resourceType: 'Group', id: 'unnamed' } },
  ]
}

/** A token in which every field has a value. It has expired, and is still a token. */
export function fullToken(digit: string): Full<StoredToken> {
  return {
    id: text(digit),
    name: text('name'),
    digest: digit.repeat(64),
    createdAt: instant(Number.parseInt(digit, 16)),
    createdBy: text('root'),
    expiresAt: instant(5),
    replacedBy: text('another'),
  }
}

/** Every kind of what is dropped. */
export function droppedNames(): readonly PassedOver[] {
  const kinds: EachOf<PassedOver['kind']> = { attribute: true, member: true }
  return Object.keys(kinds).map((kind) => ({
    kind: kind as PassedOver['kind'],
    name: text(kind),
  }))
}

/** What the library computes, or what the checks of members are about. */
const notStored = new Set(['id', 'meta', 'schemas', 'members', 'password', '$ref'])

/** Attributes with every attribute that the schemas of a type have, extensions included. */
export function everyAttribute(type: ResourceType): Record<string, Json> {
  const extensions = [...type.extensionAttributes.values()].map(({ urn, attributes }) => [
    urn,
    valuesOf([...attributes.values()]),
  ])
  return { ...valuesOf([...type.attributes.values()]), ...Object.fromEntries(extensions) }
}

function valuesOf(attributes: readonly AttributeDefinition[]): Record<string, Json> {
  const stored = attributes.filter(
    ({ name, mutability }) => mutability !== 'readOnly' && !notStored.has(name),
  )
  return Object.fromEntries(stored.map((attribute) => [attribute.name, sampleOf(attribute)]))
}

/** Of lists: values in descending order, and one twice. */
function sampleOf(attribute: AttributeDefinition): Json {
  if (!attribute.multiValued) return oneValue(attribute, '')
  const [first, second, third] = ['c', 'b', 'a'].map((name) => oneValue(attribute, name))
  return [first, second, third, second] as Json[]
}

function oneValue({ name, type, subAttributes = [] }: AttributeDefinition, suffix: string): Json {
  if (type === 'complex') {
    return { ...valuesOf(subAttributes), ...(suffix !== '' && namedBy(subAttributes, suffix)) }
  }
  const values = {
    string: text(`${name} ${suffix}`),
    boolean: false,
    decimal: 0.1 + 0.2,
    integer: 5_000_000_000,
    dateTime: '2026-01-31T09:00:00.123456+01:00',
    binary: 'AQID+/8=',
    reference: `https://example.com/${suffix}?a=%20&b=é`,
  }
  return values[type]
}

/** Makes the values of a list differ. */
function namedBy(subAttributes: readonly AttributeDefinition[], suffix: string) {
  const value = subAttributes.find(({ name, type }) => name === 'value' && type === 'string')
  return value ? { value: text(suffix) } : {}
}
