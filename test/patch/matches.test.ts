import type { Json, JsonObject } from '../../lib/schema/types.js'
import { type Choice, enterprise, patch, refusal, resources } from './fixtures.js'

const work = { value: 'ines@acme.example', type: 'work', primary: true }
const home = { value: 'ines@home.example', type: 'home' }
const [ada, bob, cleaners] = resources['Group']!['members'] as JsonObject[]
const strict: Choice = { strict: true }

interface Row {
  readonly type?: 'User' | 'Group' | 'Device'
  readonly operation: { op: string; path: string; value?: Json }
  readonly choice?: Choice
  /** The attribute afterwards (`null`: unassigned), or the `scimType` of the refusal. */
  readonly after: readonly [string, Json] | string
}

const emails = (...list: JsonObject[]) => ['emails', list] as const
const add = (path: string, value: Json) => ({ op: 'add', path, value })
const replace = (path: string, value: Json) => ({ op: 'replace', path, value })

const rows: Readonly<Record<string, Row>> = {
  'replaces one sub-attribute of the values that match': {
    operation: replace('emails[type eq "home"].value', 'i@home.example'),
    after: emails(work, { ...home, value: 'i@home.example' }),
  },
  'replaces what an object gives of a value that matches (RFC 7644 §3.5.2.3)': {
    operation: replace('emails[type eq "home"]', { value: 'i@other.example' }),
    after: emails(work, { ...home, value: 'i@other.example' }),
  },
  'adds to a value that matches': {
    operation: add('emails[type eq "home"]', { display: 'At home' }),
    after: emails(work, { ...home, display: 'At home' }),
  },
  'changes a sub-attribute of all values without a filter': {
    operation: replace('emails.display', 'Ines'),
    after: emails({ ...work, display: 'Ines' }, { ...home, display: 'Ines' }),
  },
  'removes the values that match': {
    operation: { op: 'remove', path: 'emails[type eq "home"]' },
    after: emails(work),
  },
  'removes a sub-attribute of the values that match': {
    operation: { op: 'remove', path: 'emails[type eq "home"].type' },
    after: emails(work, { value: home.value }),
  },
  'removes nothing when nothing matches': {
    operation: { op: 'remove', path: 'emails[type eq "other"]' },
    after: emails(work, home),
  },
  'replaces values that match by nothing, which removes them': {
    operation: replace('emails[type eq "home"]', null),
    after: emails(work),
  },
  'adds nothing to values that match': {
    operation: add('emails[type eq "home"]', null),
    after: emails(work, home),
  },
  'keeps values apart whose other parts differ': {
    operation: replace('emails.value', 'one@acme.example'),
    after: emails(
      { value: 'one@acme.example', type: 'work', primary: true },
      { value: 'one@acme.example', type: 'home' },
    ),
  },
  'makes one value primary, and no other': {
    operation: replace('emails[type eq "home"].primary', true),
    after: emails({ ...work, primary: false }, { ...home, primary: true }),
  },
  'makes a replaced value primary, and no other': {
    operation: replace('emails[type eq "home"]', { ...home, primary: true }),
    after: emails({ ...work, primary: false }, { ...home, primary: true }),
  },
  'leaves the primary alone when another part changes': {
    operation: replace('emails[type eq "work"].display', 'Work'),
    after: emails({ ...work, display: 'Work' }, home),
  },
  'creates the value that an add describes': {
    operation: add('emails[type eq "other"].value', 'i@other.example'),
    after: emails(work, home, { type: 'other', value: 'i@other.example' }),
  },
  'creates the value that an object and a filter describe together': {
    operation: add('emails[type eq "other"]', { value: 'i@other.example' }),
    after: emails(work, home, { type: 'other', value: 'i@other.example' }),
  },
  'creates a value from two terms': {
    operation: add('emails[type eq "other" and display eq "Third"].value', 'i@other.example'),
    after: emails(work, home, { type: 'other', display: 'Third', value: 'i@other.example' }),
  },
  'creates a value for a term in other capitals': {
    operation: add('emails[TYPE eq "other"].value', 'i@other.example'),
    after: emails(work, home, { type: 'other', value: 'i@other.example' }),
  },
  'creates no second value for a name in other capitals': {
    operation: add('emails[type eq "other"]', { TYPE: 'other', value: 'i@other.example' }),
    after: emails(work, home, { type: 'other', value: 'i@other.example' }),
  },
  'creates a value for text that looks like a number': {
    operation: add('emails[display eq 1e1].value', 'i@other.example'),
    after: emails(work, home, { display: '1e1', value: 'i@other.example' }),
  },
  'creates the value for a filter of presence': {
    operation: add('emails[type eq "other" and value pr].value', 'i@other.example'),
    after: emails(work, home, { type: 'other', value: 'i@other.example' }),
  },
  'creates nothing empty': {
    operation: add('emails[type eq "other"].value', null),
    after: emails(work, home),
  },
  'creates nothing that would not match': {
    operation: add('emails[type eq "other"]', { type: 'third', value: 'i@other.example' }),
    after: 'noTarget',
  },
  'creates nothing for a filter that describes no single value': {
    operation: add('emails[type ne "work" and type ne "home"].value', 'i@other.example'),
    after: 'noTarget',
  },
  'creates nothing for alternatives': {
    operation: add('emails[type eq "a" or type eq "b"].value', 'i@other.example'),
    after: 'noTarget',
  },
  'creates nothing for a filter of nothing': {
    operation: add('emails[display eq null and type eq "other"].value', 'i@other.example'),
    after: 'noTarget',
  },
  'creates nothing strictly, by add': {
    operation: add('emails[type eq "other"].value', 'i@other.example'),
    choice: strict,
    after: 'noTarget',
  },
  'creates nothing strictly, by replace': {
    operation: replace('emails[type eq "other"].value', 'i@other.example'),
    choice: strict,
    after: 'noTarget',
  },
  'creates the value that a replace describes': {
    operation: replace('emails[type eq "other"].value', 'i@other.example'),
    after: emails(work, home, { type: 'other', value: 'i@other.example' }),
  },
  'replaces the value with the same identity instead of creating a twin': {
    operation: replace('emails[type eq "other"]', { value: home.value, type: 'other' }),
    after: emails(work, home, { value: home.value, type: 'other' }),
  },
  'merges a value with the one that it becomes': {
    operation: replace('emails[type eq "home"]', {
      value: work.value,
      type: 'work',
      display: 'Ines',
    }),
    after: emails({ ...work, display: 'Ines' }),
  },
  'creates a value for a sub-attribute without a filter, strictly too (RFC 7644 §3.5.2.1)': {
    operation: add('phoneNumbers.value', '+33 1 23'),
    choice: strict,
    after: ['phoneNumbers', [{ value: '+33 1 23' }]],
  },
  'creates the value of an attribute without values': {
    operation: add('phoneNumbers[type eq "work"].value', '+33 1 23'),
    after: ['phoneNumbers', [{ type: 'work', value: '+33 1 23' }]],
  },
  'creates a value for a sub-attribute of an attribute without values': {
    operation: add('phoneNumbers.value', '+33 1 23'),
    after: ['phoneNumbers', [{ value: '+33 1 23' }]],
  },
  'never puts another manager in the place of the one that is there': {
    operation: add(`${enterprise}:manager[value eq "m9"]`, { displayName: 'x' }),
    after: 'noTarget',
  },
  'adds a member that only the path names': {
    type: 'Group',
    operation: add('members[value eq "d"]', null),
    after: ['members', [ada!, bob!, cleaners!, { value: 'd' }]],
  },
  'adds a member that the path and text name': {
    type: 'Group',
    operation: add('members[value eq "d"]', 'd'),
    after: ['members', [ada!, bob!, cleaners!, { value: 'd' }]],
  },
  'never creates a member by replace': {
    type: 'Group',
    operation: replace('members[value eq "d"]', { value: 'd' }),
    after: 'noTarget',
  },
  'never turns a member into another': {
    type: 'Group',
    operation: replace('members[value eq "a"]', { value: 'd' }),
    after: 'mutability',
  },
  'lets a member be replaced by itself': {
    type: 'Group',
    operation: replace('members[value eq "a"]', { value: 'a' }),
    after: ['members', [ada!, bob!, cleaners!]],
  },
  'removes a member': {
    type: 'Group',
    operation: { op: 'remove', path: 'members[value eq "b"]' },
    after: ['members', [ada!, cleaners!]],
  },
  'replaces a plain value that matches': {
    type: 'Device',
    operation: replace('tags[value eq "blue"]', 'Red'),
    after: ['tags', ['Red', 'heavy']],
  },
  'merges a plain value into its twin': {
    type: 'Device',
    operation: replace('tags[value eq "blue"]', 'heavy'),
    after: ['tags', ['heavy']],
  },
  'removes a plain value that matches': {
    type: 'Device',
    operation: { op: 'remove', path: 'tags[value eq "blue"]' },
    after: ['tags', ['heavy']],
  },
}

describe('an operation on the values that a filter matches (RFC 7644 §3.5.2)', () => {
  it.each(Object.entries(rows))('%s', (_name, { type = 'User', operation, choice, after }) => {
    const run = () => patch(type, [operation], choice)
    if (typeof after === 'string') {
      expect(refusal(run).scimType).toBe(after)
      return
    }
    const [name, value] = after
    expect(run().resource).toEqual({ ...resources[type], [name]: value })
  })

  it('makes the value primary that it names last, wherever it is in the list', () => {
    const primary = (type: string) => replace(`emails[type eq "${type}"].primary`, true)
    const { resource } = patch('User', [primary('home'), primary('work')])
    expect(resource['emails']).toEqual([work, { ...home, primary: false }])
  })

  it('replaces the value without a type that it has created before', () => {
    const created = replace('emails[type eq "other"]', { value: 'i@x.example' })
    const untyped = { value: 'i@x.example', display: 'Ines' }
    const given = { ...resources['User'], emails: [untyped] }
    expect(patch('User', [created], { resource: given }).resource['emails']).toEqual([
      { type: 'other', value: 'i@x.example' },
    ])
  })

  it('creates the singular value that its filter describes', () => {
    const path = `${enterprise}:manager`
    const remove = { op: 'remove', path }
    const described = add(`${path}[value eq "m9"]`, { value: 'm9' })
    const { resource } = patch('User', [remove, described])
    expect((resource[enterprise] as JsonObject)['manager']).toEqual({ value: 'm9' })
    expect(refusal(() => patch('User', [described])).scimType).toBe('noTarget')
  })

  it('leaves no empty list of what has only a label', () => {
    const { resource, changed } = patch('User', [
      { op: 'remove', path: 'phoneNumbers' },
      add('phoneNumbers[type eq "work"].primary', true),
    ])
    expect(Object.hasOwn(resource, 'phoneNumbers')).toBe(false)
    expect(changed).toEqual([])
  })

  it('leaves alone what is stored elsewhere without a value', () => {
    const given = { ...resources['User'], ims: [{ type: 'x' }] }
    const { resource, changed } = patch('User', [replace('title', 'T')], { resource: given })
    expect([changed, resource['ims']]).toEqual([['title'], [{ type: 'x' }]])
  })

  it('adds nothing twice when it is repeated', () => {
    const operation = add('emails[type eq "other"].value', 'i@other.example')
    const whole = replace('emails[type eq "third"]', { value: 'i@third.example', display: 'Third' })
    const once = patch('User', [operation, whole]).resource
    const twice = patch('User', [operation, whole], { resource: once }).resource
    expect(twice).toEqual(once)
    expect((once['emails'] as Json[]).length).toBe(4)
  })

  it('counts each value and each term of the filter', () => {
    const operation = replace('emails[type eq "home" and value pr].display', 'x')
    const limited = (comparisons: number) => () =>
      patch('User', [operation], { limits: { comparisons } })
    // Two values by two terms and their `and`, and one value to change.
    expect(limited(7)).not.toThrow()
    expect(refusal(limited(6))).toEqual({ status: 400, scimType: 'tooMany' })
  })

  it('counts what it writes for each value', () => {
    const limited = (bytes: number) => () =>
      patch('User', [replace('emails.display', 'x'.repeat(100))], { limits: { bytes } })
    // Once when it is read, and for each of two values.
    expect(limited(300)).not.toThrow()
    expect(refusal(limited(299)).status).toBe(413)
  })
})
