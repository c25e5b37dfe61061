import fc from 'fast-check'
import { groupUrn, patchUrn, userUrn } from '../protocol/server.js'
import type { SymbolicRequest } from './client.js'
import {
  deleteFrom,
  existing,
  isGroupTaken,
  isNameTaken,
  type Model,
  type ModelUser,
} from './model.js'

/** A request, and what it must do. */
export interface PlannedRequest {
  readonly request: SymbolicRequest
  /** The statuses that the model allows; all service providers must agree on one. */
  readonly statuses: readonly number[]
  /** What a 2xx changes in the model. */
  readonly apply: (model: Model) => void
  /** What a 409 changes: access ends all the same (deviation `accessEndsDespiteConflict`). */
  readonly withdraw?: (model: Model) => void
  /** A 2xx creates a resource, which gets the next number. */
  readonly creates?: boolean
}

/** A request that is made for the state the model is in. */
export type Step = (model: Model) => PlannedRequest

/** A step that fast-check shows by its name and values. */
export interface NamedStep {
  readonly title: string
  readonly plan: Step
}

const nothing = (): void => {}

const userNames = ['ann', 'ANN', 'bob', 'Bob', 'eve', 'zoë', 'ZOË', "o'neil", 'a b', '100%']
const groupNames = ['Crew', 'CREW', 'Staff', 'crème', 'CRÈME', "a'b", '%_']
const texts = fc.constantFrom('x', 'X', "it's", '%', 'é', '😀', 'a"b', 'null', '0')
const addresses = fc.constantFrom('a@x.example', 'A@x.example', 'b@x.example', 'c@x.example')

const someUser: fc.Arbitrary<ModelUser> = fc.record(
  {
    userName: fc.constantFrom(...userNames),
    active: fc.boolean(),
    displayName: texts,
    externalId: texts,
    emails: fc.uniqueArray(addresses, {
      minLength: 1,
      maxLength: 3,
      selector: (each) => each.toLowerCase(),
    }),
  },
  { requiredKeys: ['userName', 'active'] },
)

/**
 * Chooses among everything that was ever created, what is deleted included, and one that never was.
 */
const anyRef = fc.nat(1_000)
const chosen = ({ created }: Model, number: number) => number % (created + 1)
const isUser = (model: Model, ref: number) => model.users.has(ref)

const ifMatch = fc.constantFrom(undefined, undefined, undefined, 'first' as const, 'last' as const)

function bodyOf({ emails, ...rest }: ModelUser): object {
  const values = emails?.map((value) => ({ value, type: 'work' }))
  return { schemas: [userUrn], ...rest, ...(values && { emails: values }) }
}

function named(title: string, values: unknown, plan: Step): NamedStep {
  return { title: `${title} ${JSON.stringify(values)}`, plan }
}

const createUser = someUser.map((user) =>
  named('create', user, (model) => ({
    request: { method: 'POST', path: '/Users', text: JSON.stringify(bodyOf(user)) },
    statuses: [isNameTaken(model, user.userName) ? 409 : 201],
    apply: ({ users, created }) => users.set(created, user),
    creates: true,
  })),
)

const replaceUser = fc.tuple(anyRef, someUser, ifMatch).map(([number, user, version]) =>
  named('replace', [number, user, version], (model) => {
    const ref = chosen(model, number)
    return {
      request: {
        method: 'PUT',
        path: `/Users/@${ref}@`,
        text: JSON.stringify(bodyOf({ ...user })),
        ...(version && { match: { ref, version } }),
      },
      statuses: statusesOf(model, ref, { version, taken: isNameTaken(model, user.userName, ref) }),
      apply: ({ users }) => users.set(ref, user),
      withdraw: deactivationOf(ref, user),
    }
  }),
)

/** Of a refused change, what it does to a user's access. */
function deactivationOf(ref: number, after: ModelUser | undefined) {
  return ({ users }: Model): void => {
    const before = users.get(ref)
    if (before && after?.active === false) users.set(ref, { ...before, active: false })
  }
}

interface Circumstances {
  readonly version?: 'first' | 'last' | undefined
  readonly taken: boolean
}

/**
 * What a change of a user answers: the model does not count versions, so an old `If-Match` may be
 * right or wrong.
 */
function statusesOf(model: Model, ref: number, { version, taken }: Circumstances): number[] {
  if (!isUser(model, ref)) return version ? [404, 412] : [404]
  const result = taken ? 409 : 200
  return version === 'first' ? [result, 412] : [result]
}

interface Operation {
  readonly sent: object
  readonly apply: (user: ModelUser) => ModelUser
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  texts.map((displayName) => ({
    sent: { op: 'replace', path: 'displayName', value: displayName },
    apply: (user: ModelUser) => ({ ...user, displayName }),
  })),
  fc.constant({
    sent: { op: 'remove', path: 'displayName' },
    apply: ({ displayName: _, ...user }: ModelUser) => user,
  }),
  fc.boolean().chain((active) =>
    fc.constantFrom<Operation>(
      {
        sent: { op: 'replace', path: 'active', value: active },
        apply: (user) => ({ ...user, active }),
      },
      {
        // As Entra writes it.
        sent: { op: 'Replace', path: 'active', value: active ? 'True' : 'False' },
        apply: (user) => ({ ...user, active }),
      },
      { sent: { op: 'replace', value: { active } }, apply: (user) => ({ ...user, active }) },
    ),
  ),
  fc.constantFrom(...userNames).map((userName) => ({
    sent: { op: 'replace', path: 'userName', value: userName },
    apply: (user: ModelUser) => ({ ...user, userName }),
  })),
  addresses.map((value) => ({
    sent: { op: 'replace', path: 'emails', value: [{ value, type: 'work' }] },
    apply: (user: ModelUser) => ({ ...user, emails: [value] }),
  })),
  fc.constant({
    sent: { op: 'remove', path: 'emails' },
    apply: ({ emails: _, ...user }: ModelUser) => user,
  }),
)

const patchUser = fc
  .tuple(anyRef, fc.array(operation, { minLength: 1, maxLength: 3 }), ifMatch)
  .map(([number, operations, version]) =>
    named('patch', [number, operations.map(({ sent }) => sent), version], (model) => {
      const ref = chosen(model, number)
      const user = model.users.get(ref)
      const after = user && operations.reduce((so, { apply }) => apply(so), user)
      const taken = after !== undefined && isNameTaken(model, after.userName, ref)
      return {
        request: {
          method: 'PATCH',
          path: `/Users/@${ref}@`,
          text: patchText(operations.map(({ sent }) => sent)),
          ...(version && { match: { ref, version } }),
        },
        statuses: statusesOf(model, ref, { version, taken }),
        apply: ({ users }) => after && users.set(ref, after),
        withdraw: deactivationOf(ref, after),
      }
    }),
  )

function patchText(Operations: readonly object[]): string {
  return JSON.stringify({ schemas: [patchUrn], Operations })
}

const deletion = fc.tuple(fc.constantFrom('Users', 'Groups'), anyRef).map(([kind, number]) =>
  named(`delete ${kind}`, number, (model) => {
    const ref = chosen(model, number)
    const isThere = kind === 'Users' ? isUser(model, ref) : model.groups.has(ref)
    return {
      request: { method: 'DELETE', path: `/${kind}/@${ref}@` },
      statuses: [isThere ? 204 : 404],
      apply: (next) => deleteFrom(next, ref),
    }
  }),
)

const someMembers = fc.array(anyRef, { maxLength: 5 })
const groupBody = (displayName: string, refs: readonly number[]) =>
  JSON.stringify({ schemas: [groupUrn], displayName, members: valuesOf(refs) })
const valuesOf = (refs: readonly number[]) => refs.map((ref) => ({ value: `@${ref}@` }))

/** Users and groups; a group may come to contain itself, or one that contains it. */
const membersAmong = (model: Model, numbers: readonly number[]) =>
  numbers.map((number) => chosen(model, number))

const createGroup = fc
  .tuple(fc.constantFrom(...groupNames), someMembers)
  .map(([displayName, numbers]) =>
    named('create group', [displayName, numbers], (model) => {
      const refs = membersAmong(model, numbers)
      return {
        request: { method: 'POST', path: '/Groups', text: groupBody(displayName, refs) },
        statuses: [isGroupTaken(model, displayName) ? 409 : 201],
        apply: ({ groups, created }) =>
          groups.set(created, { displayName, members: new Set(existing(model, refs)) }),
        creates: true,
      }
    }),
  )

const replaceGroup = fc
  .tuple(anyRef, fc.constantFrom(...groupNames), someMembers)
  .map(([number, displayName, numbers]) =>
    named('replace group', [number, displayName, numbers], (model) => {
      const ref = chosen(model, number)
      const refs = membersAmong(model, numbers)
      return {
        request: { method: 'PUT', path: `/Groups/@${ref}@`, text: groupBody(displayName, refs) },
        statuses: groupStatuses(model, ref, displayName),
        apply: ({ groups }) =>
          groups.set(ref, { displayName, members: new Set(existing(model, refs)) }),
        withdraw: ({ groups }) => {
          const before = groups.get(ref)
          const staying = before && [...before.members].filter((member) => refs.includes(member))
          if (before) groups.set(ref, { ...before, members: new Set(staying) })
        },
      }
    }),
  )

function groupStatuses(model: Model, ref: number, displayName?: string): number[] {
  if (!model.groups.has(ref)) return [404]
  const taken = displayName !== undefined && isGroupTaken(model, displayName, ref)
  return taken ? [409] : [200, 204]
}

const memberChanges = {
  add: (before: ReadonlySet<number>, known: readonly number[]) => new Set([...before, ...known]),
  remove: (before: ReadonlySet<number>, known: readonly number[]) =>
    new Set([...before].filter((ref) => !known.includes(ref))),
  replace: (_: ReadonlySet<number>, known: readonly number[]) => new Set(known),
} as const

const changeMembers = fc
  .tuple(anyRef, fc.constantFrom('add', 'remove', 'replace'), someMembers)
  .filter(([, , numbers]) => numbers.length > 0)
  .map(([number, op, numbers]) =>
    named(`${op} members`, [number, numbers], (model) => {
      const ref = chosen(model, number)
      const refs = membersAmong(model, numbers)
      const group = model.groups.get(ref)
      const value = valuesOf(refs)
      return {
        request: {
          method: 'PATCH',
          path: `/Groups/@${ref}@`,
          text: patchText([{ op, path: 'members', value }]),
        },
        statuses: groupStatuses(model, ref),
        apply: ({ groups }) => {
          if (!group) return
          const members = memberChanges[op](group.members, existing(model, refs))
          groups.set(ref, { ...group, members })
        },
      }
    }),
  )

const removeByPath = fc.tuple(anyRef, anyRef).map(([number, member]) =>
  named('remove one member', [number, member], (model) => {
    const [ref, gone] = [chosen(model, number), chosen(model, member)]
    const group = model.groups.get(ref)
    return {
      request: {
        method: 'PATCH',
        path: `/Groups/@${ref}@`,
        text: patchText([{ op: 'remove', path: `members[value eq "@${gone}@"]` }]),
      },
      // Whether removing nobody is an error is the same everywhere.
      statuses: group && !group.members.has(gone) ? [200, 204, 400] : groupStatuses(model, ref),
      apply: ({ groups }) => {
        if (!group) return
        groups.set(ref, { ...group, members: memberChanges.remove(group.members, [gone]) })
      },
    }
  }),
)

const renameGroup = fc.tuple(anyRef, fc.constantFrom(...groupNames)).map(([number, displayName]) =>
  named('rename group', [number, displayName], (model) => {
    const ref = chosen(model, number)
    const group = model.groups.get(ref)
    return {
      request: {
        method: 'PATCH',
        path: `/Groups/@${ref}@`,
        text: patchText([{ op: 'replace', path: 'displayName', value: displayName }]),
      },
      statuses: groupStatuses(model, ref, displayName),
      apply: ({ groups }) => group && groups.set(ref, { ...group, displayName }),
    }
  }),
)

const reading = fc.tuple(fc.constantFrom('Users', 'Groups'), anyRef).map(([kind, number]) =>
  named(`get ${kind}`, number, (model) => {
    const ref = chosen(model, number)
    const isThere = kind === 'Users' ? isUser(model, ref) : model.groups.has(ref)
    return {
      request: { method: 'GET', path: `/${kind}/@${ref}@` },
      statuses: [isThere ? 200 : 404],
      apply: nothing,
    }
  }),
)

const query = fc
  .constantFrom(
    '/Users?filter=userName eq "ANN"',
    '/Users?filter=active eq true&sortBy=userName&count=2&startIndex=2',
    '/Users?filter=emails.value sw "A@"&sortBy=displayName&sortOrder=descending',
    '/Users?filter=groups.value eq "@0@" or groups.value eq "@1@"',
    '/Users?filter=groups.display eq "Crew"',
    '/Users?filter=not (displayName pr)&attributes=userName',
    '/Users?count=0',
    '/Groups?filter=members.value eq "@0@" or members.value eq "@2@"',
    '/Groups?filter=displayName co "r"&sortBy=displayName&excludedAttributes=members',
    '/Groups?startIndex=2&count=1',
    '/Users?cursor&count=2',
    '/?filter=meta.created gt "2020-01-01T00:00:00Z"&count=3',
  )
  .map((path) =>
    named('query', path, () => ({
      request: { method: 'GET', path: encodeURI(path).replaceAll('+', '%2B') },
      statuses: [200],
      apply: nothing,
    })),
  )

/** Requests that are wrong whatever is stored, and change nothing. */
const wrong: readonly (readonly [SymbolicRequest['method'], string, string?])[] = [
  ['POST', '/Users', '{'],
  ['POST', '/Users', '[]'],
  ['POST', '/Users', '"text"'],
  ['POST', '/Users', `{"schemas":["${userUrn}"]}`],
  ['POST', '/Users', `{"schemas":["${userUrn}"],"userName":""}`],
  ['POST', '/Users', `{"schemas":["${userUrn}"],"userName":{"$ne":null}}`],
  ['POST', '/Users', `{"schemas":["${userUrn}"],"userName":"a\\u0000b"}`],
  ['POST', '/Users', `{"schemas":["${userUrn}"],"userName":"q","active":"perhaps"}`],
  ['POST', '/Users', `{"schemas":["${userUrn}"],"userName":"q","userName":"r"}`],
  ['POST', '/Groups', `{"schemas":["${groupUrn}"],"displayName":7}`],
  ['POST', '/Groups', `{"schemas":["${groupUrn}"],"displayName":"q","members":[7]}`],
  ['PATCH', '/Users/@0@', patchText([{ op: 'frobnicate', path: 'title', value: 'x' }])],
  ['PATCH', '/Users/@0@', patchText([{ op: 'remove', path: 'userName' }])],
  ['PATCH', '/Users/@0@', patchText([{ op: 'replace', path: 'emails[type eq', value: 'x' }])],
  ['PATCH', '/Users/@0@', patchText([{ op: 'replace', path: 'active', value: 'perhaps' }])],
  ['PATCH', '/Users/@0@', patchText([{ op: 'add', path: '__proto__.x', value: 'y' }])],
  ['PATCH', '/Groups/@1@', patchText([{ op: 'add', path: 'members', value: [{ value: 7 }] }])],
  ['GET', '/Users?filter=userName%20eq'],
  ['GET', '/Users?filter=nosuch%5B'],
  ['GET', '/Users?startIndex=1&cursor'],
  ['GET', '/Users?cursor=forged'],
  ['GET', '/Nothing'],
  ['DELETE', '/Users'],
]

const mistake = fc.constantFrom(...wrong).map(([method, path, text]) =>
  named('mistake', [method, path, text], () => ({
    request: { method, path, ...(text !== undefined && { text }) },
    statuses: [400, 404, 405],
    apply: nothing,
  })),
)

/** Any step; creations come often, so that the others find something. */
export const anyStep: fc.Arbitrary<NamedStep> = fc.oneof(
  { weight: 5, arbitrary: createUser },
  { weight: 3, arbitrary: createGroup },
  { weight: 3, arbitrary: replaceUser },
  { weight: 4, arbitrary: patchUser },
  { weight: 2, arbitrary: deletion },
  { weight: 2, arbitrary: replaceGroup },
  { weight: 4, arbitrary: changeMembers },
  { weight: 2, arbitrary: removeByPath },
  { weight: 1, arbitrary: renameGroup },
  { weight: 2, arbitrary: reading },
  { weight: 3, arbitrary: query },
  { weight: 2, arbitrary: mistake },
)
