import {
  identifyLabelStudioUser,
  type LabelStudioAdmin,
  type LabelStudioApi,
} from '../../../adapters/label-studio/api/index.js'
import { labelStudioOwner } from '../../../adapters/label-studio/index.js'
import { bearerTokens } from '../../../lib/index.js'
import {
  send,
  signIn,
  signUp,
  signUpByLink,
  signUpInvited,
} from '../../support/label-studio-browser.js'
import { clientsOf, type Subject } from './contract.js'
import { type Product, type ProductOptions, scopeOf, startProduct } from './product.js'

const password = 'A-good-passw0rd'
const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
const bulkRequest = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'

/**
 * What becomes of people in every Label Studio Community, real or fake, from their first day to
 * their last and after.
 */
export function describeLifecycle(name: string, startSubject: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject
    let api: LabelStudioApi
    let admin: LabelStudioAdmin
    let product: Product
    let count = 0

    beforeAll(async () => {
      subject = await startSubject()
      ;({ api, admin } = clientsOf(subject))
    }, 300_000)
    afterAll(() => subject?.stop(), 60_000)
    afterEach(() => product?.stop())

    const start = async (options: ProductOptions = {}) => {
      product = await startProduct(subject, options)
      return product
    }
    const newEmail = (domain = 'example.com') => {
      count += 1
      return `someone-${count}@${domain}`
    }
    const through = async (headers: Record<string, string>) =>
      (await send(`${product.url}/api/current-user/whoami`, { headers })).status

    /** Somebody who is in Label Studio already, with a session and a token. */
    const aPerson = async (email = newEmail()) => {
      const cookie = await signUpInvited(subject.url, api.settings.inviteToken, { email, password })
      const headers = { cookie }
      const whoami = await send(`${subject.url}/api/current-user/whoami`, { headers })
      const { json } = await send(`${subject.url}/api/current-user/token`, { headers })
      return { email, cookie, id: whoami.json.id as number, authorization: `Token ${json.token}` }
    }
    const create = async (email: string): Promise<number> => {
      const headers = { authorization: `Token ${subject.token}` }
      const body = { email, username: email }
      const { json } = await send(`${subject.url}/api/users/`, { method: 'POST', headers, body })
      return json.id
    }
    const push = async (attributes: Record<string, unknown>): Promise<string> => {
      const pushed = await product.pushUser(attributes)
      expect([pushed.status, pushed.json.detail]).toEqual([201, undefined])
      await product.drained()
      return pushed.json.id
    }
    /** The invite's token as soon as it is not this one any more. */
    const otherInviteThan = async (before: string) => {
      const until = Date.now() + 10_000
      let token = before
      while (token === before && Date.now() < until) token = await api.settings.inviteToken()
      return token
    }
    const isActive = async (id: number) => (await admin.get(id))?.isActive
    const accountId = async (userId: string) => Number((await product.record(userId))?.account?.id)

    describe('an address that somebody else had a moment ago', () => {
      const rename = (id: string, value: string) =>
        product.patch(`/Users/${id}`, [{ op: 'replace', path: 'userName', value }])
      /** As identity providers do: sent again where the answer says so, and only there. */
      const renameInTime = async (id: string, value: string) => {
        const statuses: number[] = []
        for (let tries = 0; tries < 20 && statuses.at(-1) !== 200; tries += 1) {
          statuses.push((await rename(id, value)).status)
          await product.drained()
        }
        expect([200, 503]).toEqual(expect.arrayContaining(statuses))
        expect(statuses.at(-1)).toBe(200)
      }
      const entersAs = async (email: string, password: string) =>
        (await signIn(product.url, email, password)).status === 302

      it('is given to whoever is renamed to it, and two people swap theirs', async () => {
        await start()
        const [first, second, between] = [newEmail(), newEmail(), newEmail()]
        const [ofAnn, ofBob] = ['Anns-passw0rd!', 'Bobs-passw0rd!']
        const ann = await push({ userName: first, password: ofAnn })
        const bob = await push({ userName: second, password: ofBob })
        await rename(ann, between)
        await renameInTime(bob, first)
        await renameInTime(ann, second)
        await product.drained()
        expect([await entersAs(second, ofAnn), await entersAs(first, ofBob)]).toEqual([true, true])
        expect((await product.setActive(ann, false)).status).toBe(200)
        expect([await entersAs(second, ofAnn), await entersAs(first, ofBob)]).toEqual([false, true])
      }, 60_000)

      it('is given to somebody new', async () => {
        await start()
        const email = newEmail()
        const before = await push({ userName: email, password })
        await rename(before, newEmail())
        const pushed = await product.pushUser({ userName: email, password: 'Another-passw0rd' })
        expect(pushed.status).not.toBe(409)
        await product.drained()
        const again = await product.pushUser({ userName: email, password: 'Another-passw0rd' })
        expect(pushed.status === 201 ? 409 : 201).toBe(again.status)
        await product.drained()
        expect(await entersAs(email, 'Another-passw0rd')).toBe(true)
        expect(await accountId(before)).not.toBe(await accountId(pushed.json.id ?? again.json.id))
      }, 60_000)

      it('is not waited for while its holder has no role', async () => {
        await start()
        await product.saveRules({ roles_groups: [['Annotator', 'Crew']] })
        const [email, next] = [newEmail(), newEmail()]
        const before = await push({ userName: email })
        const group = (await product.pushGroup('Crew', [before])).json.id
        const members = (op: string) =>
          product.patch(`/Groups/${group}`, [{ op, path: 'members', value: [{ value: before }] }])
        await members('remove')
        expect((await rename(before, next)).status).toBe(200)
        await product.drained()
        const another = await push({ userName: newEmail() })
        const refused = [await product.pushUser({ userName: email }), await rename(another, email)]
        expect(refused.map(({ status }) => status)).toEqual([409, 409])
        // It is theirs as soon as the account has the other address.
        await members('add')
        await product.drained()
        await renameInTime(another, email)
      }, 60_000)
    })

    describe('spellings of one address', () => {
      it('are one person: the one who can sign in is adopted, all are shut out', async () => {
        await start()
        const email = newEmail()
        const [capitals, shouted] = [email.replace('s', 'S'), email.toUpperCase()]
        const ids = [await create(capitals), await create(shouted), await create(email)]
        const id = await push({ userName: capitals, emails: [{ value: shouted, primary: true }] })
        expect(await accountId(id)).toBe(ids[2])
        expect((await product.setActive(id, false)).status).toBe(200)
        expect(await Promise.all(ids.map(isActive))).toEqual([false, false, false])
        await product.setActive(id, true)
        await product.drained()
        expect(await isActive(ids[2] ?? 0)).toBe(true)
      }, 60_000)

      it('with capitals alone are brought to lower case, so that the person can sign in', async () => {
        await start()
        const email = newEmail()
        const account = await create(email.toUpperCase())
        const id = await push({ userName: email, password })
        expect([await accountId(id), (await api.users.get(account))?.email]).toEqual([
          account,
          email,
        ])
        expect((await signIn(product.url, email, password)).status).toBe(302)
      }, 60_000)
    })

    it('refuses at once behind the gate, and shuts the account afterwards (F10)', async () => {
      await start({ isWorking: false, router: { gateIsOnlyWayIn: true, onPending: () => {} } })
      const people = [await aPerson(), await aPerson(), await aPerson()]
      const ids: string[] = []
      for (const { email } of people) ids.push(await push({ userName: email }))
      await product.saveRules({ roles_groups: [['Annotator', 'crew']] })
      const [inCrew, inactive, deleted] = ids
      const { json: crew } = await product.pushGroup('crew', [inCrew ?? ''])
      await product.drained()
      const answers = [
        await product.scim('DELETE', `/Groups/${crew.id}`),
        await product.setActive(inactive ?? '', false),
        await product.scim('DELETE', `/Users/${deleted}`),
      ]
      expect(answers.map(({ status }) => status)).toEqual([204, 200, 204])
      const look = async () => ({
        cookies: await Promise.all(people.map(({ cookie }) => through({ cookie }))),
        accounts: await Promise.all(people.map(({ id }) => isActive(id))),
      })
      expect(await look()).toEqual({ cookies: [403, 403, 403], accounts: [true, true, true] })
      await product.drained()
      const { accounts } = await look()
      expect(accounts).toEqual([false, false, false])
      await product.saveRules({ roles_groups: [] })
    }, 60_000)

    it('ends nobody’s access through another user with the same address (S-ATO-01)', async () => {
      await start()
      const email = newEmail()
      const first = await push({ userName: email })
      const second = await product.pushUser({
        userName: `x-${email}`,
        emails: [{ value: email, primary: true }],
      })
      expect([second.status, second.json.scimType]).toEqual([409, 'uniqueness'])
      const account = await accountId(first)
      const third = await push({ userName: newEmail() })
      const emails = [{ value: email, primary: true }]
      const stolen = await product.patch(`/Users/${third}`, [
        { op: 'add', path: 'emails', value: emails },
      ])
      expect([stolen.status, stolen.json.scimType]).toEqual([409, 'uniqueness'])
      expect(await isActive(account)).toBe(true)
    }, 60_000)

    it('ends nobody’s access through another user who was pushed with the same address meanwhile', async () => {
      await start({ isWorking: false })
      const email = newEmail()
      const emails = [{ value: email, primary: true }]
      const pushes = [{ userName: email }, { userName: `x-${email}`, emails }]
      const ids: string[] = []
      for (const each of pushes) ids.push((await product.pushUser(each)).json.id)
      await product.drained()
      const failed = await Promise.all(ids.map((id) => product.failedBecause(id)))
      const refused = ids.find((_, index) => failed[index] !== undefined) ?? ''
      const holder = ids.find((id) => id !== refused) ?? ''
      expect(failed.filter((each) => each !== undefined)).toEqual([
        'The Label Studio account with this e-mail address is another user’s.',
      ])
      expect((await product.setActive(refused, false)).status).toBe(200)
      expect(await isActive(await accountId(holder))).toBe(true)
    }, 60_000)

    describe.each([
      // What they held before has ended with the owner’s sign-in: former-credentials.ts.
      ['admin', { withOwner: true }, 401],
      ['gate', { withOwner: false }, 200],
    ] as const)('who is deleted through SCIM (%s)', (_strategy, options, before) => {
      it('stays shut out, and has the same account when they are pushed again', async () => {
        await start(options)
        const person = await aPerson()
        const { cookie, authorization, email } = person
        const id = await push({ userName: email })
        expect([await accountId(id), await through({ cookie })]).toEqual([person.id, 200])
        expect((await product.scim('DELETE', `/Users/${id}`)).status).toBe(204)
        // By the gate, or by Label Studio itself, which knows the session no more.
        for (const headers of [{ cookie }, { authorization }]) {
          expect([401, 403]).toContain(await through(headers as Record<string, string>))
        }
        expect((await signIn(product.url, email, password)).status).toBe(403)
        expect((await product.scim('GET', `/Users/${id}`)).status).toBe(404)
        await product.adapters.importer.run()
        expect((await product.lookUp(email)).json.totalResults).toBe(0)
        const again = await push({ userName: email })
        expect([again === id, await accountId(again)]).toEqual([false, person.id])
        const statuses = [await through({ cookie }), await through({ authorization })]
        expect(statuses).toEqual([before, before])
      }, 60_000)
    })

    describe('with the strategy soft-delete', () => {
      const adapters = { deprovisioning: 'soft-delete' } as const

      it('a person loses the membership, is known by the number of the account, and comes back', async () => {
        await start({ adapters })
        const person = await aPerson()
        const id = await push({ userName: person.email })
        expect((await product.setActive(id, false)).status).toBe(200)
        expect(await api.users.get(person.id)).toMatchObject({ masked: true })
        expect([
          await through({ authorization: person.authorization }),
          await through({ cookie: person.cookie }),
        ]).toEqual([403, 403])
        expect((await signIn(product.url, person.email, password)).status).toBe(403)
        await product.setActive(id, true)
        await product.drained()
        expect(await api.users.get(person.id)).toMatchObject({ email: person.email, masked: false })
        expect(await through({ cookie: person.cookie })).toBe(200)
      }, 60_000)

      it('a person cannot come back without the owner’s sign-in, and the reason is told', async () => {
        await start({ adapters, withOwner: false })
        const person = await aPerson()
        const id = await push({ userName: person.email })
        await product.setActive(id, false)
        await product.setActive(id, true)
        await product.drained()
        expect(await product.failedBecause(id)).toBe(
          'The account was removed from the organization in Label Studio. ' +
            'Without the owner’s sign-in nothing can bring it back.',
        )
      }, 60_000)
    })

    it('with the strategy hard-delete, keeps a deactivated person’s account and deletes a deleted one’s', async () => {
      await start({ adapters: { deprovisioning: 'hard-delete' }, withOwner: false })
      const person = await aPerson()
      const id = await push({ userName: person.email })
      await product.setActive(id, false)
      expect([await through({ cookie: person.cookie }), await isActive(person.id)]).toEqual([
        403,
        true,
      ])
      expect((await product.scim('DELETE', `/Users/${id}`)).status).toBe(204)
      expect(await api.users.get(person.id)).toBeUndefined()
      expect((await signIn(product.url, person.email, password)).status).toBe(403)
      const again = await push({ userName: person.email })
      const link = await product.signUpLink(again)
      expect((await signUpByLink(link, { email: person.email, password })).status).toBe(302)
    }, 60_000)

    describe('accounts that are not ours to manage', () => {
      it('keep a group from deactivating whom nobody may adopt (R6)', async () => {
        await start({ adapters: { adopt: 'none' } })
        const person = await aPerson()
        await product.adapters.importer.run()
        await product.saveRules({ roles_groups: [['Annotator', 'crew']] })
        const [user] = (await product.lookUp(person.email)).json.Resources
        const { json: group } = await product.pushGroup('crew', [user.id])
        await product.drained()
        const path = `members[value eq "${user.id}"]`
        const left = await product.patch(`/Groups/${group.id}`, [{ op: 'remove', path }])
        await product.drained()
        expect([
          left.status,
          await isActive(person.id),
          await through({ cookie: person.cookie }),
        ]).toEqual([204, true, 200])
      }, 60_000)

      it('are not destroyed by the DELETE of somebody inactive (R14)', async () => {
        await start({ adapters: { deprovisioning: 'hard-delete', adopt: 'none' } })
        const person = await aPerson()
        await admin.change(person.id, { isActive: false })
        await product.adapters.importer.run()
        const [user] = (await product.lookUp(person.email)).json.Resources
        expect((await product.scim('DELETE', `/Users/${user.id}`)).status).toBe(409)
        expect(await api.users.get(person.id)).toBeDefined()
        expect((await product.scim('GET', `/Users/${user.id}`)).status).toBe(200)
      }, 60_000)

      it('keep the old password when a taken account is refused (R1)', async () => {
        await start({ adapters: { adopt: 'none' } })
        const person = await aPerson()
        await product.adapters.importer.run()
        const [user] = (await product.lookUp(person.email)).json.Resources
        const value = { password: 'Stolen-passw0rd' }
        const answer = await product.patch(`/Users/${user.id}`, [{ op: 'replace', value }])
        expect(answer.status).toBe(409)
        const signInWith = async (text: string) =>
          (await signIn(subject.url, person.email, text)).status
        expect([await signInWith('Stolen-passw0rd'), await signInWith(password)]).toEqual([
          200, 302,
        ])
        expect(await through({ cookie: person.cookie })).toBe(200)
      }, 60_000)

      it('are those of people who were removed from the organization (R2)', async () => {
        await start({ adapters: { adopt: 'none' } })
        const person = await aPerson()
        await api.members(1).remove(person.id)
        const attributes = { userName: person.email, password: 'Stolen-passw0rd' }
        const pushed = await product.pushUser(attributes)
        await product.drained()
        expect([pushed.status, (await product.lookUp(person.email)).json.totalResults]).toEqual([
          409, 0,
        ])
        expect(
          await product.adapters.access.recordByAccount(scopeOf(), String(person.id)),
        ).toBeUndefined()
        expect((await api.users.get(person.id))?.masked ?? true).toBe(true)
        expect((await signIn(product.url, person.email, 'Stolen-passw0rd')).status).not.toBe(302)
      }, 60_000)

      it('are those of another tenant (R16)', async () => {
        const authenticate = bearerTokens([
          { name: 'a', token: 'token-of-tenant-a-000', tenant: 'a' },
          { name: 'b', token: 'token-of-tenant-b-000', tenant: 'b' },
        ])
        await start({ authenticate, adapters: { tenant: 'a' }, gate: { tenant: 'a' } })
        const email = newEmail()
        const body = { schemas: [userSchema], userName: email }
        const ours = await product.scim('POST', '/Users', body, 'token-of-tenant-a-000')
        await product.drained()
        const theirs = await product.scim('POST', '/Users', body, 'token-of-tenant-b-000')
        expect([ours.status, theirs.status]).toEqual([201, 403])
        const list = await product.scim('GET', '/Users', undefined, 'token-of-tenant-b-000')
        expect(list.json.totalResults).toBe(0)
      }, 60_000)

      it.each(['all', 'none'] as const)(
        'are refused by a gate for managed people only, imported or not (F2; adopt %s)',
        async (adopt) => {
          await start({ adapters: { adopt }, gate: { unknownPeople: 'refuse' } })
          const person = await aPerson()
          const { ownerEmail, ownerPassword } = subject
          const owner = { cookie: (await signIn(subject.url, ownerEmail, ownerPassword)).cookie }
          expect(await through({ cookie: person.cookie })).toBe(403)
          await product.adapters.importer.run()
          const headers = { cookie: person.cookie }
          expect([await through(headers), await through(owner)]).toEqual([403, 200])
          if (adopt === 'none') return
          await push({
            userName: `upn-${person.email}`,
            emails: [{ value: person.email, primary: true }],
          })
          expect(await through(headers)).toBe(200)
        },
        60_000,
      )
    })

    describe('half a POST', () => {
      it('shuts nobody out, and takes no account, when the password is refused (R5)', async () => {
        await start()
        const person = await aPerson()
        await product.adapters.importer.run()
        const userName = `upn-${person.email}`
        const emails = [{ value: person.email, primary: true }]
        const pushed = await product.pushUser({ userName, emails, password: 'short' })
        expect(pushed.status).toBe(400)
        await product.drained()
        expect(await through({ cookie: person.cookie })).toBe(200)
        await product.adapters.importer.run()
        await product.drained()
        expect(await isActive(person.id)).toBe(true)
        expect((await product.lookUp(userName)).json.totalResults).toBe(0)
        expect((await product.lookUp(person.email)).json.totalResults).toBe(1)
        const again = await product.pushUser({ userName, emails, password: 'Another-passw0rd' })
        await product.drained()
        expect([again.status, await accountId(again.json.id)]).toEqual([201, person.id])
        expect((await signIn(product.url, person.email, 'Another-passw0rd')).status).toBe(302)
      }, 60_000)

      it('leaves no account behind when the password is refused', async () => {
        await start()
        const email = newEmail()
        expect((await product.pushUser({ userName: email, password: 'short' })).status).toBe(400)
        await product.drained()
        expect(await admin.find(email)).toBeUndefined()
        const id = await push({ userName: email, password })
        expect(await accountId(id)).toBeGreaterThan(1)
      }, 60_000)
    })

    it('ends access by the account’s number, also of somebody listed under another name (R4)', async () => {
      await start({ withOwner: false })
      const person = await aPerson()
      await product.adapters.importer.run()
      const emails = [{ value: person.email, primary: true }]
      const userName = `upn-${person.email}`
      const pushed = await product.pushUser({ userName, emails, active: false })
      expect([pushed.status, await accountId(pushed.json.id)]).toEqual([201, person.id])
      expect(await through({ cookie: person.cookie })).toBe(403)
      await product.adapters.importer.run()
      expect(await through({ cookie: person.cookie })).toBe(403)
    }, 60_000)

    it('shuts a deleted person again whom somebody has let in by hand (R11)', async () => {
      await start()
      const id = await push({ userName: newEmail() })
      const account = await accountId(id)
      await product.scim('DELETE', `/Users/${id}`)
      await admin.change(account, { isActive: true })
      expect(await product.adapters.importer.run()).toMatchObject({ drifted: 1 })
      await product.drained()
      expect(await isActive(account)).toBe(false)
      expect(await product.adapters.importer.run()).toMatchObject({ drifted: 0 })
    }, 60_000)

    describe('adoption of who was there before', () => {
      it('refused for everybody: by POST, and for the imported by every change (S-ATO-02)', async () => {
        await start({ adapters: { adopt: 'none' } })
        const person = await aPerson()
        const pushed = await product.pushUser({
          userName: person.email,
          password: 'Another-passw0rd',
        })
        expect([pushed.status, pushed.json.scimType]).toEqual([409, 'uniqueness'])
        await product.adapters.importer.run()
        const [user] = (await product.lookUp(person.email)).json.Resources
        for (const answer of [
          await product.setActive(user.id, false),
          await product.scim('PUT', `/Users/${user.id}`, { ...user, displayName: 'New' }),
          await product.scim('DELETE', `/Users/${user.id}`),
        ]) {
          expect([answer.status, answer.json.detail]).toEqual([
            409,
            'This account existed in Label Studio before, and must not be taken over through SCIM.',
          ])
        }
        expect([await isActive(person.id), await through({ cookie: person.cookie })]).toEqual([
          true,
          200,
        ])
        expect((await signIn(subject.url, person.email, password)).status).toBe(302)
      }, 60_000)

      it('allowed for some domains only', async () => {
        await start({ adapters: { adopt: ['ours.example'] } })
        const [ours, theirs] = [newEmail('ours.example'), newEmail('theirs.example')]
        const account = await create(ours)
        await create(theirs)
        expect(await accountId(await push({ userName: ours }))).toBe(account)
        expect((await product.pushUser({ userName: theirs })).status).toBe(409)
      }, 60_000)

      it('takes over who was listed under another userName, once', async () => {
        await start()
        const person = await aPerson()
        await product.adapters.importer.run()
        const emails = [{ value: person.email, primary: true }]
        const id = await push({ userName: `upn-${person.email}`, emails })
        expect(await accountId(id)).toBe(person.id)
        expect((await product.lookUp(person.email)).json.totalResults).toBe(0)
        expect((await product.setActive(id, false)).status).toBe(200)
        expect(await isActive(person.id)).toBe(false)
      }, 60_000)

      it('manages an imported person from the first group on that gives them something', async () => {
        await start()
        const person = await aPerson()
        await product.adapters.importer.run()
        await product.saveRules({ roles_groups: [['Annotator', 'crew']] })
        const [user] = (await product.lookUp(person.email)).json.Resources
        await product.pushGroup('crew', [user.id])
        await product.drained()
        expect(await product.record(user.id)).toMatchObject({
          account: { id: String(person.id), origin: 'adopted' },
          notes: [],
        })
      }, 60_000)
    })

    it('touches neither the owner nor the account of the adapter, on any path (S-AUTHZ-07)', async () => {
      await start()
      await product.adapters.importer.run()
      const [owner] = (await product.lookUp(subject.ownerEmail)).json.Resources
      const path = `/Users/${owner.id}`
      const { json: group } = await product.pushGroup('crew', [])
      const add = [{ op: 'add', path: 'members', value: [{ value: owner.id }] }]
      const emails = [{ value: subject.ownerEmail.toUpperCase(), primary: true }]
      const bulk = await product.scim('POST', '/Bulk', {
        schemas: [bulkRequest],
        Operations: [{ method: 'DELETE', path }],
      })
      expect(bulk.json.Operations[0]).toMatchObject({ status: '403' })
      for (const answer of [
        await product.setActive(owner.id, false),
        await product.patch(path, [{ op: 'replace', value: { password: 'Stolen-passw0rd' } }]),
        await product.patch(path, [{ op: 'replace', path: 'userName', value: newEmail() }]),
        await product.scim('PUT', path, { ...owner, displayName: 'X' }),
        await product.scim('DELETE', path),
        await product.patch(`/Groups/${group.id}`, add),
        await product.pushGroup('others', [owner.id]),
        await product.pushUser({ userName: 'x', emails, password: 'Stolen-passw0rd' }),
      ]) {
        expect([answer.status, answer.json.detail]).toEqual([
          403,
          'This is the owner of the organization in Label Studio, or the account of the adapter.',
        ])
      }
      const { status } = await signIn(product.url, subject.ownerEmail, subject.ownerPassword)
      expect(status).toBe(302)
    }, 60_000)

    describe('a change of address', () => {
      it('renames with the owner’s sign-in: sessions go on, the new address signs in', async () => {
        await start()
        const [before, after] = [newEmail(), newEmail()]
        const id = await push({ userName: before, password })
        const { cookie } = await signIn(product.url, before, password)
        const renamed = await product.patch(`/Users/${id}`, [
          { op: 'replace', value: { userName: after } },
        ])
        expect(renamed.status).toBe(200)
        await product.drained()
        expect((await product.record(id))?.account).toMatchObject({ email: after })
        expect(await through({ cookie })).toBe(200)
        expect((await signIn(product.url, after, password)).status).toBe(302)
        expect((await signIn(product.url, before, password)).status).toBe(200)
      }, 60_000)

      it('is refused without it before anything is stored, also for who signed up unnoticed', async () => {
        await start({ withOwner: false })
        const email = newEmail()
        const id = await push({ userName: email })
        const { cookie } = await signUpByLink(await product.signUpLink(id), { email, password })
        const rename = [{ op: 'replace', value: { userName: newEmail() } }]
        const answer = await product.patch(`/Users/${id}`, rename)
        expect([answer.status, answer.json.scimType]).toEqual([400, 'mutability'])
        expect((await product.lookUp(email)).json.totalResults).toBe(1)
        await product.setActive(id, false)
        expect(await through({ cookie })).toBe(403)
      }, 60_000)
    })

    describe('while the owner is in no organization, so that the API shows nobody (F5)', () => {
      const leave = async () => {
        const headers = { authorization: `Token ${subject.token}` }
        const { id } = await api.whoami()
        const body = { active_organization: null }
        const left = await send(`${subject.url}/api/users/${id}/`, {
          ...{ method: 'PATCH', headers, body },
        })
        expect(left.status).toBe(200)
        expect(await api.users.list()).toEqual([])
      }

      it('a deactivation is acknowledged only when the account is shut', async () => {
        await start()
        const account = await accountId(await push({ userName: newEmail() }))
        const { json } = await product.lookUp((await api.users.get(account))?.email ?? '')
        await leave()
        const answer = await product.setActive(json.Resources[0].id, false)
        expect([200, 503]).toContain(answer.status)
        expect(await isActive(account)).toBe(false)
      }, 60_000)

      it('the same holds without the owner’s sign-in', async () => {
        await start({ withOwner: false, adapters: { deprovisioning: 'soft-delete' } })
        const person = await aPerson()
        const id = await push({ userName: person.email })
        await leave()
        const { status } = await product.setActive(id, false)
        await admin.get(person.id)
        const isOut = (await api.users.get(person.id))?.masked
        expect([
          { status: 200, isOut: true },
          { status: 503, isOut: false },
        ]).toContainEqual({
          ...{ status, isOut },
        })
        await product.drained()
        expect((await product.setActive(id, false)).status).toBe(200)
        expect(await api.users.get(person.id)).toMatchObject({ masked: true })
      }, 60_000)

      it('somebody new is in the organization in the end', async () => {
        await start()
        const email = newEmail()
        await push({ userName: newEmail() })
        await leave()
        const { json } = await product.pushUser({ userName: email })
        await product.drained()
        await admin.get(1)
        await product.adapters.access.mark(scopeOf(), [json.id])
        await product.drained()
        const everybody = (await api.users.list()).map((each) => each.email)
        expect([await product.failedBecause(json.id), everybody]).toEqual([
          undefined,
          expect.arrayContaining([email]),
        ])
      }, 60_000)
    })

    describe('the organization’s invite link', () => {
      it.each([
        ['admin', { withOwner: true }],
        ['gate', { withOwner: false }],
      ] as const)(
        'is another one once somebody is deprovisioned, once (F4, strategy %s)',
        async (_strategy, options) => {
          await start(options)
          const id = await push({ userName: newEmail() })
          const before = await api.settings.inviteToken()
          expect((await product.setActive(id, false)).status).toBe(200)
          const after = await otherInviteThan(before)
          expect(after).not.toBe(before)
          const old = await signUp(subject.url, before, { email: newEmail(), password })
          expect(old.status).toBe(403)
          await product.patch(`/Users/${id}`, [{ op: 'add', path: 'title', value: 'x' }])
          await product.setActive(id, false)
          expect(await api.settings.inviteToken()).toBe(after)
        },
        60_000,
      )
    })

    describe('the import', () => {
      it('keeps the list current: new people, new names, people who are shut or gone', async () => {
        await start()
        const [ann, ben, cid] = [await aPerson(), await aPerson(), await aPerson()]
        await product.adapters.importer.run()
        const listed = async ({ email }: { email: string }) =>
          (await product.lookUp(email)).json.Resources[0]
        expect(await listed(ann)).toMatchObject({ active: true })
        const renamed = newEmail()
        await admin.change(ann.id, { email: renamed, firstName: 'Ann', isActive: false })
        await api.members(1).remove(ben.id)
        await api.users.delete(cid.id)
        const { id } = await listed(ann)
        expect(await product.adapters.importer.run()).toMatchObject({ updated: 1, removed: 2 })
        expect(await listed({ email: renamed })).toMatchObject({
          id,
          active: false,
          name: { givenName: 'Ann' },
        })
        for (const gone of [ann, ben, cid]) expect(await listed(gone)).toBeUndefined()
        expect(await product.adapters.importer.run()).toEqual({
          ...{ imported: 0, updated: 0, linked: 0, drifted: 0, removed: 0 },
        })
      }, 60_000)

      it('finds who was let in again in Label Studio, or shut there, and mends both', async () => {
        await start()
        const [ann, ben] = [
          await push({ userName: newEmail() }),
          await push({ userName: newEmail() }),
        ]
        const [annsAccount, bensAccount] = [await accountId(ann), await accountId(ben)]
        await product.setActive(ann, false)
        await admin.change(annsAccount, { isActive: true })
        await admin.change(bensAccount, { isActive: false, lastName: 'Changed' })
        const drift = await product.adapters.users.currentAccess?.(
          { tenant: 'default', actor: 't', requestId: 'r', signal: AbortSignal.timeout(9_000) },
          (await product.scim('GET', `/Users/${ann}`)).json,
        )
        expect(drift?.applied).not.toEqual([])
        expect(await product.adapters.importer.run()).toMatchObject({ drifted: 2 })
        await product.drained()
        expect([await isActive(annsAccount), await isActive(bensAccount)]).toEqual([false, true])
      }, 60_000)
    })

    describe('an owner’s token as bearer token of the IdP', () => {
      it('works for the owner only, and the others are told why', async () => {
        const tenantOwner = labelStudioOwner({ url: subject.url, retries: 0 })
        await start({ authenticate: tenantOwner })
        const person = await aPerson()
        const theirs = person.authorization.replace('Token ', '')
        const list = (token: string) => product.scim('GET', '/Users', undefined, token)
        expect((await list(subject.token)).status).toBe(200)
        const other = await list(theirs)
        expect([other.status, other.json.detail]).toEqual([
          403,
          'The token is valid in Label Studio, but is not the owner’s: ' +
            'only the owner may provision.',
        ])
        const garbage = await list('garbage')
        expect([garbage.status, garbage.json.detail]).toEqual([
          401,
          'Label Studio does not accept this token.',
        ])
      }, 60_000)

      it('is answered 503 while Label Studio does not answer', async () => {
        const nowhere = labelStudioOwner({ url: 'http://127.0.0.1:9', retries: 0 })
        await start({ authenticate: nowhere })
        const answer = await product.scim('GET', '/Users', undefined, subject.token)
        expect([answer.status, answer.json.detail]).toEqual([
          503,
          'Label Studio cannot be asked about the token now.',
        ])
      })
    })

    it('works with a personal access token, for the adapter and for the IdP', async () => {
      const { cookie } = await signIn(subject.url, subject.ownerEmail, subject.ownerPassword)
      const headers = { cookie }
      const made = await send(`${subject.url}/api/token/`, { method: 'POST', headers })
      expect(made.status).toBe(201)
      const token = made.json.token as string
      await start({ authenticate: labelStudioOwner({ url: subject.url }), adapters: { token } })
      const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: newEmail() }
      const pushed = await product.scim('POST', '/Users', user, token)
      expect(pushed.status).toBe(201)
      await product.drained()
      expect(await accountId(pushed.json.id)).toBeGreaterThan(1)
    }, 60_000)

    it('tells by no credential of somebody shut out who else they are', async () => {
      await start({ withOwner: false })
      const person = await aPerson()
      const id = await push({ userName: person.email })
      await product.setActive(id, false)
      const identify = identifyLabelStudioUser({ url: subject.url })
      const headers = { cookie: person.cookie, authorization: `Token ${subject.token}` }
      expect((await identify({ headers })).identities).toHaveLength(2)
      expect(await through(headers)).toBe(403)
    }, 60_000)
  })
}
