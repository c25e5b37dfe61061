import { randomUUID } from 'node:crypto'
import {
  type Adoption,
  addressOnTheWay,
  adoptionOf,
  isLeaving,
  isOnTheWay,
  mayAdopt,
} from '../../../adapters/label-studio/accounts/adoption.js'
import { exemptionsIn } from '../../../adapters/label-studio/accounts/exemptions.js'
import { manage, managing, noteAccount } from '../../../adapters/label-studio/accounts/links.js'
import type { LabelStudioSettings } from '../../../adapters/label-studio/options.js'
import type { TargetParts } from '../../../adapters/label-studio/target-parts.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import type { AuditEntry } from '../../../lib/events/catalogue.js'
import type { AccountReference, Grant } from '../../../lib/mapping/index.js'
import { emptyRecord } from '../../../lib/stores/empty-record.js'
import { RefusedError, UnavailableError } from '../../../lib/stores/errors.js'
import type { AccessRecord, User } from '../../../lib/stores/index.js'
import { aScope, aUser, everything, writeOf } from '../support.js'

const ownId = 1
const account = { id: 7, email: 'Ines@Acme.example' }
const grant: Grant = { kind: 'workspace', title: 'Vision' }
const scope = aScope('acme')

function reference(origin: AccountReference['origin']): AccountReference {
  return { id: String(account.id), email: 'ines@acme.example', origin }
}

interface World {
  readonly storage: ReturnType<typeof memoryAdapters>
  readonly settings: LabelStudioSettings
  readonly events: AuditEntry[]
  readonly claims: Adoption
  /** Stores somebody with an access record. */
  person(known?: Partial<AccessRecord>, isStored?: boolean, userName?: string): Promise<User>
  recordOf(user: User): Promise<AccessRecord | undefined>
}

function world(adopt: LabelStudioSettings['adopt'] = 'all'): World {
  const storage = memoryAdapters()
  const events: AuditEntry[] = []
  const settings: LabelStudioSettings = {
    storage: storage as LabelStudioSettings['storage'],
    maxConcurrent: 8,
    tenant: 'acme',
    deprovisioning: 'admin',
    firstSignIn: 'password',
    adopt,
    createWorkspaces: false,
    audit: 'bestEffort',
    emit: (event) => void events.push(event),
  }
  const { users, access } = settings.storage
  return {
    storage,
    settings,
    events,
    claims: adoptionOf({ access, users, settings, ownId, canRename: true }),
    async person(known, isStored = true, userName = `${randomUUID()}@acme.example`) {
      const user = aUser({ userName })
      if (isStored) await users.create(scope, user, writeOf(user))
      if (known) await access.saveRecord(scope, { ...emptyRecord(user.id, new Date()), ...known })
      return user
    },
    recordOf: ({ id }) => access.getRecord(scope, id),
  }
}

const taken = { name: 'RefusedError', status: 409, scimType: 'uniqueness' }
const mustNot = { ...taken, message: expect.stringMatching(/must not be taken over/) }
const anothers = { ...taken, message: expect.stringMatching(/another user’s/) }

describe('the rule for adoption', () => {
  it.each([
    ['all', 'ines@acme.example', true],
    ['none', 'ines@acme.example', false],
    ['none', 'none', false],
    [['acme.example'], 'ines@acme.example', true],
    [['acme.example'], 'ines@ACME.example', true],
    [['acme.example'], 'ines@other.example', false],
    [['acme.example'], 'ines@sub.acme.example', false],
    [['acme.example'], '"ines@other.example"@acme.example', true],
    [['acme.example'], '"ines@acme.example"@other.example', false],
    [['other.example', 'acme.example'], 'ines@acme.example', true],
    [[], 'ines@acme.example', false],
    [['all'], 'ines@acme.example', false],
  ] as const)('%j for %s is %s', (adopt, email, expected) => {
    expect(mayAdopt({ adopt }, email)).toBe(expected)
    expect(world(adopt).claims.mayAdopt(email)).toBe(expected)
  })
})

describe('an account that exists', () => {
  it('is open to anybody where it is nobody’s and may be adopted', async () => {
    const { claims, person, storage } = world()
    const user = await person()
    await claims.check(scope, user, account)
    expect(await claims.isOpenTo(scope, user, account)).toBe(true)
    expect(await claims.take(scope, user, account)).toEqual([])
    expect(await storage.access.getRecord(scope, user.id)).toBeUndefined()
  })

  it('is closed where nobody may adopt it', async () => {
    const { claims, person } = world('none')
    const user = await person()
    await expect(claims.check(scope, user, account)).rejects.toMatchObject(mustNot)
    await expect(claims.take(scope, user, account)).rejects.toMatchObject(mustNot)
    expect(await claims.isOpenTo(scope, user, account)).toBe(false)
  })

  it('is judged by its own address, in any case', async () => {
    const { claims, person } = world(['acme.example'])
    const user = await person()
    await claims.check(scope, user, account)
    const foreign = { id: 7, email: 'ines@other.example' }
    await expect(claims.check(scope, user, foreign)).rejects.toMatchObject(mustNot)
  })

  it.each(['all', 'none'] as const)(
    'is nobody’s when it is that of the adapter, adopt %s',
    async (adopt) => {
      const { claims, person } = world(adopt)
      const own = { ...account, id: ownId }
      await expect(claims.check(scope, await person(), own)).rejects.toMatchObject({
        status: 403,
        message: expect.stringMatching(/the adapter itself/),
      })
    },
  )

  it.each([
    ['of another address', { userName: 'bob@acme.example' }, true],
    ['of this address, in another case', { userName: 'INES@acme.example' }, false],
    ['of no address', { userName: 'ines' }, false],
    ['who is inactive', { userName: 'bob@acme.example', active: false }, false],
  ])('is about to be given up by a holder %s: %j is %s', (_, holder, expected) => {
    expect(isLeaving(aUser(holder), account.email)).toBe(expected)
  })

  it('is told to be on the way by one failure alone', () => {
    expect(isOnTheWay(addressOnTheWay())).toBe(true)
    expect(isOnTheWay(new UnavailableError('gone'))).toBe(false)
    expect(isOnTheWay({ cause: (addressOnTheWay() as Error).cause })).toBe(false)
  })

  it('is waited for while its holder’s new address is on the way to it', async () => {
    const { claims, person, recordOf } = world()
    const holder = await person({ account: reference('created'), applied: [grant] })
    const user = await person()
    const onTheWay = { name: 'UnavailableError', retryAfterSeconds: 1 }
    await expect(claims.check(scope, user, account)).rejects.toMatchObject(onTheWay)
    await expect(claims.take(scope, user, account)).rejects.toMatchObject(onTheWay)
    expect(await recordOf(holder)).toMatchObject({ applied: [grant] })
  })

  it.each(['created', 'adopted'] as const)('is closed while another has it, %s', async (origin) => {
    const { claims, person, recordOf } = world()
    const known = { account: reference(origin), applied: [grant] }
    const holder = await person(known, true, account.email)
    const user = await person()
    await expect(claims.check(scope, user, account)).rejects.toMatchObject(anothers)
    await expect(claims.take(scope, user, account)).rejects.toMatchObject(anothers)
    expect(await claims.isOpenTo(scope, user, account)).toBe(false)
    expect(await recordOf(holder)).toMatchObject({ applied: [grant] })
    expect(await recordOf(user)).toBeUndefined()
  })

  it('is open to who has it, where it may be adopted', async () => {
    const { claims, person, recordOf } = world()
    const user = await person({ account: reference('adopted'), applied: [grant] })
    expect(await claims.isOpenTo(scope, user, account)).toBe(true)
    expect(await claims.take(scope, user, account)).toEqual([])
    expect(await recordOf(user)).toMatchObject({ applied: [grant] })
  })

  it('passes on what it was granted from one who left, wherever adoption is refused', async () => {
    const { claims, person, recordOf, settings } = world('none')
    const left = await person({ account: reference('created'), applied: [grant] }, false)
    const more: Grant = { kind: 'role', role: 'Reviewer' }
    const user = await person({ applied: [more] })
    await claims.check(scope, user, account)
    expect(await recordOf(left)).toMatchObject({ applied: [grant] })
    expect(await claims.take(scope, user, account)).toEqual([grant])
    expect(await recordOf(left)).toBeUndefined()
    expect(await recordOf(user)).toMatchObject({ applied: [grant, more] })
    // Cut short here, it is still this person's, and nobody else's.
    await claims.check(scope, user, account)
    await expect(claims.check(scope, await person(), account)).rejects.toMatchObject(mustNot)
    expect(await settings.storage.access.getValue(scope, 'labelStudio.heir:7')).toBe(user.id)
  })

  it('passes on to somebody without a record, too', async () => {
    const { claims, person, recordOf } = world()
    await person({ account: reference('created'), applied: [grant] }, false)
    const user = await person()
    await claims.take(scope, user, account)
    expect(await recordOf(user)).toMatchObject({ userId: user.id, applied: [grant] })
  })

  it('is given up by who was only listed by the import, with nothing of theirs', async () => {
    const { claims, person, recordOf, settings, events } = world()
    const listed = await person({ account: reference('imported'), applied: [grant] })
    const user = await person()
    await claims.check(scope, user, account)
    expect(await recordOf(listed)).toBeDefined()
    expect(await claims.take(scope, user, account)).toEqual([])
    expect(await recordOf(listed)).toBeUndefined()
    expect(await settings.storage.users.get(scope, listed.id, everything)).toBeUndefined()
    expect(events.map(({ event, target }) => [event, target?.name])).toEqual([
      ['user.deleted', listed.userName],
    ])
  })

  it('is not given up by who was listed where nobody may adopt it', async () => {
    const { claims, person, recordOf } = world('none')
    const listed = await person({ account: reference('imported') })
    await expect(claims.take(scope, await person(), account)).rejects.toMatchObject(mustNot)
    expect(await recordOf(listed)).toBeDefined()
  })

  it('is not given up by who became managed meanwhile', async () => {
    const { claims, person, recordOf, settings } = world()
    const listed = await person({ account: reference('imported') })
    const { access } = settings.storage
    const record = (await recordOf(listed)) as AccessRecord
    jest.spyOn(access, 'recordByAccount').mockImplementation(async () => {
      await access.saveRecord(scope, { ...record, account: reference('adopted') })
      return record
    })
    await expect(claims.take(scope, await person(), account)).rejects.toMatchObject(anothers)
    expect(await recordOf(listed)).toMatchObject({ account: { origin: 'adopted' } })
  })

  it('is not told to be closed because the database fails', async () => {
    const { claims, person, settings } = world()
    const user = await person()
    jest.spyOn(settings.storage.access, 'recordByAccount').mockRejectedValue(new Error('gone'))
    await expect(claims.isOpenTo(scope, user, account)).rejects.toThrow('gone')
  })

  it('is the announcer’s where nobody may adopt it, by its address alone', async () => {
    const { claims, person } = world('none')
    const [user, other] = [await person(), await person()]
    await claims.announce(scope, user, 'ines@acme.example')
    await claims.check(scope, user, account)
    await expect(claims.check(scope, other, account)).rejects.toMatchObject(mustNot)
    const another = { id: 8, email: 'bob@acme.example' }
    await expect(claims.check(scope, user, another)).rejects.toMatchObject(mustNot)
  })

  it('needs no announcement where it may be adopted', async () => {
    const { claims, person, settings } = world()
    const setValue = jest.spyOn(settings.storage.access, 'setValue')
    await claims.announce(scope, await person(), 'ines@acme.example')
    expect(setValue).not.toHaveBeenCalled()
  })
})

/** What a reason is about. */
function wordIn(reason: string): string | undefined {
  return /owner|superuser|existed|tenant/.exec(reason)?.[0]
}

describe('whose account is not ours to manage', () => {
  const installation = { ownId, ownEmail: 'adapter@ls.example', ownerEmail: 'owner@ls.example' }
  const ask = async (
    { settings }: World,
    users: readonly User[],
    { tenant = 'acme', records }: { tenant?: string; records?: readonly AccessRecord[] } = {},
  ) => {
    const parts = { installation: { remembered: async () => installation }, settings }
    const found = await exemptionsIn(parts as unknown as TargetParts, aScope(tenant), {
      users,
      records,
    })
    return found.map((exemption) => exemption && [exemption.kind, wordIn(exemption.reason)])
  }
  const theOwner = ['protected', 'owner']

  it('is anybody’s of another tenant', async () => {
    const here = world()
    expect(await ask(here, [await here.person(), aUser()], { tenant: 'other' })).toEqual([
      ['protected', 'tenant'],
      ['protected', 'tenant'],
    ])
  })

  it('is the owner’s and the adapter’s, by address or account', async () => {
    const here = world()
    const byAccount = await here.person({ account: { ...reference('adopted'), id: '1' } })
    const people = [
      aUser({ userName: 'owner@ls.example' }),
      aUser({ emails: [{ value: 'Adapter@ls.example', primary: true }] }),
      byAccount,
      aUser({ userName: 'somebody@ls.example' }),
      aUser({ userName: 'nobody' }),
    ]
    expect(await ask(here, people)).toEqual([theOwner, theOwner, theOwner, undefined, undefined])
  })

  it('is a superuser’s, and no other account’s that is linked', async () => {
    const here = world()
    const superuser = await here.person({ account: { ...reference('created'), isProtected: true } })
    const other = await here.person({ account: { ...reference('created'), id: '8' } })
    expect(await ask(here, [superuser, other])).toEqual([['protected', 'superuser'], undefined])
  })

  it.each([
    ['none', 'imported', ['unmanaged', 'existed']],
    [['other.example'], 'imported', ['unmanaged', 'existed']],
    [['acme.example'], 'imported', undefined],
    ['all', 'imported', undefined],
    ['none', 'adopted', undefined],
    ['none', 'created', undefined],
  ] as const)(
    'is, where %j may be adopted, an account that was %s: %j',
    async (adopt, origin, is) => {
      const here = world(adopt)
      const user = await here.person({ account: reference(origin) })
      const [found] = await ask(here, [user])
      expect(found?.[0]).toBe(is?.[0])
    },
  )

  it('is a listed account’s without an address, where domains may be adopted', async () => {
    const here = world(['acme.example'])
    const user = await here.person({ account: { id: '7', origin: 'imported' } })
    expect((await ask(here, [user]))[0]?.[0]).toBe('unmanaged')
  })

  it('is asked in one query, each person once, or in none where the records are known', async () => {
    const here = world('none')
    const user = await here.person({ account: reference('imported') })
    const getRecords = jest.spyOn(here.settings.storage.access, 'getRecords')
    expect((await ask(here, [user, user])).map((each) => each?.[0])).toEqual([
      'unmanaged',
      'unmanaged',
    ])
    expect(getRecords.mock.calls.map(([, ids]) => ids)).toEqual([[user.id]])
    expect(await ask(here, [user], { records: [] })).toEqual([undefined])
    expect(getRecords).toHaveBeenCalledTimes(1)
  })
})

describe('somebody whom the import only listed', () => {
  const origins = ['imported', 'created', 'adopted', undefined] as const

  it.each(origins)('becomes managed by a change, and the log says so: %s', async (origin) => {
    const { settings, person, recordOf, events } = world()
    const known = origin && { account: reference(origin), applied: [grant] }
    const user = await person(known)
    let during: string | undefined
    const result = await managing(settings, scope, user, async () => {
      during = (await recordOf(user))?.account?.origin
      return 'done'
    })
    expect(result).toBe('done')
    const after = origin === 'imported' ? 'adopted' : origin
    expect([during, (await recordOf(user))?.account?.origin]).toEqual([after, after])
    expect(events.map(({ event, detail }) => [event, detail])).toEqual(
      origin === 'imported' ? [['user.adopted', 'Account 7 of Label Studio']] : [],
    )
  })

  it('stays as they were when the change is refused', async () => {
    const { settings, person, recordOf, events } = world()
    const user = await person({ account: reference('imported'), applied: [grant] })
    const before = await recordOf(user)
    const refused = () => Promise.reject(new RefusedError('refused'))
    await expect(managing(settings, scope, user, refused)).rejects.toThrow('refused')
    expect(await recordOf(user)).toEqual({ ...before, at: expect.any(String) })
    expect(events).toEqual([])
  })

  it('becomes managed without a change', async () => {
    const { settings, person, recordOf } = world()
    const user = await person({ account: reference('imported') })
    await manage(settings, scope, user)
    expect(await recordOf(user)).toMatchObject({ account: { origin: 'adopted' } })
  })

  it('is not adopted twice by changes at the same time', async () => {
    const { settings, person, events } = world()
    const user = await person({ account: reference('imported') })
    await Promise.all([manage(settings, scope, user), manage(settings, scope, user)])
    expect(events.map(({ event }) => event)).toEqual(['user.adopted'])
  })
})

describe('an account that is noted', () => {
  it('is kept with address, ledger and role', async () => {
    const { settings, person, recordOf, events } = world()
    const user = await person()
    const note = { account: reference('created'), ledger: [grant], givesRole: true }
    await noteAccount(settings, scope, user, note)
    expect(await recordOf(user)).toMatchObject({
      userId: user.id,
      account: reference('created'),
      applied: [grant],
      hadRole: true,
      email: user.userName,
    })
    expect(events).toEqual([])
  })

  it('leaves ledger, role and address where the note has none', async () => {
    const { settings, person, recordOf } = world()
    const known = { applied: [grant], hadRole: true, email: 'before@acme.example' }
    const user = { ...(await person(known)), userName: 'nobody' }
    await noteAccount(settings, scope, user, { account: reference('created') })
    expect(await recordOf(user)).toMatchObject(known)
    const other = await person()
    await noteAccount(settings, scope, other, { account: { ...reference('created'), id: '9' } })
    expect(await recordOf(other)).toMatchObject({ applied: [], hadRole: false })
  })

  it.each([
    ['none', undefined, 1],
    ['another', { ...reference('created'), id: '8' }, 1],
    ['the same', reference('created'), 0],
  ] as const)('is told as an adoption where %s was known before', async (_, before, count) => {
    const { settings, person, events } = world()
    const user = await person(before && { account: before })
    await noteAccount(settings, scope, user, { account: reference('adopted') })
    const told = { event: 'user.adopted', detail: 'Account 7 of Label Studio' }
    expect(events).toMatchObject(Array.from({ length: count }, () => told))
  })
})
