import {
  identifyLabelStudioUser,
  type LabelStudioAdmin,
  type LabelStudioApi,
  labelStudioAdmin,
  labelStudioApi,
  ownerTokenVerifier,
} from '../../../adapters/label-studio/api/index.js'
import {
  type Answer,
  send,
  signIn,
  signUp,
  signUpInvited,
} from '../../support/label-studio-browser.js'

/** A running Label Studio Community, real or fake. */
export interface Subject {
  url: string
  ownerEmail: string
  ownerPassword: string
  token: string
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

/** What speaks to a Label Studio as its owner. */
export function clientsOf(
  { url, token, ownerEmail: email, ownerPassword: password }: Subject,
  options: { readonly retries?: number } = {},
): { readonly api: LabelStudioApi; readonly admin: LabelStudioAdmin } {
  return {
    api: labelStudioApi({ url, token, ...options }),
    admin: labelStudioAdmin({ url, email, password, ...options }),
  }
}

const password = 'A-good-passw0rd'

/**
 * What Label Studio Community does, as far as this library relies on it. Runs on the fake by
 * default and on a real 1.23.2 in `npm run test:label-studio`: where they differ the fake is wrong.
 */
export function describeCommunityContract(name: string, start: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject
    let api: LabelStudioApi
    let admin: LabelStudioAdmin
    let count = 0

    beforeAll(async () => {
      subject = await start()
      ;({ api, admin } = clientsOf(subject, { retries: 0 }))
    }, 200_000)
    afterAll(() => subject?.stop(), 60_000)

    /** An address nobody has yet. */
    const newEmail = () => {
      count += 1
      return `person-${count}@example.com`
    }
    const asOwner = (method: string, path: string, body?: unknown): Promise<Answer> =>
      send(`${subject.url}${path}`, {
        method,
        headers: { authorization: `Token ${subject.token}` },
        body,
      })
    const asPerson = (cookie: string, method: string, path: string, body?: unknown) =>
      send(`${subject.url}${path}`, { method, headers: { cookie }, body })
    const withHeaders = (headers: Record<string, string>, path = '/api/current-user/whoami') =>
      send(`${subject.url}${path}`, { headers })

    /** A person who was invited and signed up, with everything they hold to get in. */
    const aPerson = async () => {
      const email = newEmail()
      const cookie = await signUpInvited(subject.url, api.settings.inviteToken, { email, password })
      const { id } = (await asPerson(cookie, 'GET', '/api/current-user/whoami')).json
      const legacy = (await asPerson(cookie, 'GET', '/api/current-user/token')).json.token
      const refresh = (await asPerson(cookie, 'POST', '/api/token/')).json.token
      const exchange = { method: 'POST', body: { refresh } }
      const access = (await send(`${subject.url}/api/token/refresh/`, exchange)).json.access
      return { id: id as number, email, cookie, legacy, refresh, access }
    }

    /** A project with one task, made by the owner. */
    const aTask = async () => {
      const label_config =
        '<View><Text name="t" value="$text"/><Choices name="c" toName="t"><Choice ' +
        'value="a"/></Choices></View>'
      const project = await asOwner('POST', '/api/projects', { title: 'A project', label_config })
      const id = project.json.id as number
      await asOwner('POST', `/api/projects/${id}/import`, [{ text: 'some text' }])
      const tasks = await asOwner('GET', `/api/tasks?project=${id}`)
      return { project: id, task: tasks.json.tasks[0].id as number }
    }

    describe('members in the admin', () => {
      it('finds the account behind an address, also of a person who was removed', async () => {
        const person = await aPerson()
        await api.members(1).remove(person.id)
        expect(await admin.find(person.email.toUpperCase())).toMatchObject({ id: person.id })
        expect(await admin.find('nobody@example.com')).toBeUndefined()
      })

      it('brings a removed person back, and leaves a member alone', async () => {
        const person = await aPerson()
        await api.members(1).remove(person.id)
        expect(await api.users.get(person.id)).toMatchObject({ masked: true })
        await admin.ensureMember(person.id, 1)
        await admin.ensureMember(person.id, 1)
        expect(await api.users.get(person.id)).toMatchObject({ masked: false, email: person.email })
      })
    })

    describe('edition and owner', () => {
      it('says what it is, whatever the token', async () => {
        const stranger = labelStudioApi({ url: subject.url, token: 'wrong', retries: 0 })
        const release = expect.stringMatching(/^1\.[0-9.]+/)
        expect(await stranger.version()).toEqual({ edition: 'community', release })
        expect(await stranger.isHealthy()).toBe(true)
      })

      it('knows the owner by who created the organization', async () => {
        const account = await api.whoami()
        expect(account).toMatchObject({
          id: 1,
          email: subject.ownerEmail,
          activeOrganization: 1,
          organizationOwnerEmail: subject.ownerEmail,
          role: undefined,
          masked: false,
        })
        expect(await api.isOwner(account)).toBe(true)
      })

      it('does not take somebody else for the owner', async () => {
        const person = await aPerson()
        const theirs = labelStudioApi({ url: subject.url, token: person.legacy, retries: 0 })
        const account = await theirs.whoami()
        expect(account).toMatchObject({ id: person.id, organizationOwnerEmail: subject.ownerEmail })
        expect(await theirs.isOwner(account)).toBe(false)
      })

      it('tells its organization, its token settings and its invite', async () => {
        expect(await api.organization(1)).toMatchObject({ id: 1, defaultRole: undefined })
        const settings = { personalAccessTokens: true, legacyTokens: true }
        expect(await api.settings.tokenSettings()).toEqual(settings)
        expect(await api.settings.inviteToken()).toMatch(/^\w{20,}$/)
      })

      it('tells that nobody signs up without a link, and makes nobody to find out', async () => {
        const people = (await api.users.list()).length
        expect(await api.isSignUpOpen()).toBe(false)
        expect((await api.users.list()).length).toBe(people)
      })

      it('has nothing of Enterprise, and says so with a page or with 405', async () => {
        const user = await api.users.create({ email: newEmail() })
        const absent = { kind: 'featureAbsent' }
        await expect(api.workspaces.list()).rejects.toMatchObject({ ...absent, status: 404 })
        await expect(api.projects.roles(1)).rejects.toMatchObject({ ...absent, status: 404 })
        const role = api.members(1).setRole(user.id, 'AN')
        await expect(role).rejects.toMatchObject({ ...absent, status: 405 })
        expect(await api.settings.billing()).toBeUndefined()
        expect(await api.settings.scimMapping()).toBeUndefined()
        expect(await api.settings.saml()).toBeUndefined()
      })
    })

    describe('tokens', () => {
      it.each([
        ['none', {}, 'Authentication credentials were not provided.'],
        ['an unknown one', { authorization: 'Token wrong' }, 'Invalid token.'],
        [
          'a legacy token as bearer',
          { authorization: 'Bearer 0123456789' },
          'Authentication credentials were not provided.',
        ],
      ])('answers 401 to %s', async (_name, headers, detail) => {
        const answer = await withHeaders(headers as Record<string, string>)
        expect(answer.status).toBe(401)
        expect(answer.json).toMatchObject({ status_code: 401, detail })
      })

      it('takes a legacy token in either header', async () => {
        const { json } = await withHeaders({ 'x-api-key': subject.token })
        expect(json.id).toBe(1)
      })

      it('lets the library work with a personal access token', async () => {
        const person = await aPerson()
        const theirs = labelStudioApi({ url: subject.url, token: person.refresh, retries: 0 })
        expect((await theirs.whoami()).id).toBe(person.id)
      })

      it('does not accept a personal access token as bearer', async () => {
        const { refresh } = await aPerson()
        expect((await withHeaders({ authorization: `Bearer ${refresh}` })).status).toBe(401)
      })

      it('has at most one personal access token a person', async () => {
        const { cookie } = await aPerson()
        expect((await asPerson(cookie, 'POST', '/api/token/')).status).toBe(409)
      })

      it('sets a session cookie even where it refuses', async () => {
        const response = await fetch(`${subject.url}/api/current-user/whoami`)
        expect(response.headers.getSetCookie().join()).toContain('sessionid=')
      })

      it('goes by the cookie on pages and by the token in the API', async () => {
        const { cookie } = await aPerson()
        const both = { cookie, authorization: 'Token wrong' }
        expect((await withHeaders(both)).status).toBe(401)
        expect((await withHeaders(both, '/projects/')).status).toBe(200)
      })
    })

    describe('accounts', () => {
      it('creates one that is a member at once, without an organization of its own', async () => {
        const email = newEmail()
        const user = await api.users.create({ email, firstName: 'Ann', lastName: 'Ärger' })
        expect(user).toMatchObject({
          email,
          username: email,
          firstName: 'Ann',
          lastName: 'Ärger',
          activeOrganization: undefined,
          masked: false,
        })
        expect(await api.users.get(user.id)).toEqual(user)
        expect((await api.users.list()).map(({ id }) => id)).toContain(user.id)
      })

      it('keeps the e-mail as sent and takes another spelling for another person', async () => {
        const email = newEmail()
        const create = (spelling: string) =>
          asOwner('POST', '/api/users/', { email: spelling, username: 'x' })
        const capitals = email.replace('person', 'Person')
        expect((await create(capitals)).json.email).toBe(capitals)
        expect((await create(email)).status).toBe(201)
        expect((await create(email.toUpperCase())).status).toBe(201)
      })

      it('is given one spelling by the library', async () => {
        const email = newEmail()
        const user = await api.users.create({ email: ` ${email.toUpperCase()} ` })
        expect(user.email).toBe(email)
      })

      it('refuses the same e-mail', async () => {
        const { email } = await api.users.create({ email: newEmail() })
        const again = api.users.create({ email })
        await expect(again).rejects.toMatchObject({ kind: 'duplicateEmail', fields: ['email'] })
      })

      it('requires a username, which need not be unique', async () => {
        const email = newEmail()
        const without = await asOwner('POST', '/api/users/', { email })
        expect(without.status).toBe(400)
        expect(without.json.validation_errors).toHaveProperty('username')
        await api.users.create({ email, username: 'shared' })
        await api.users.create({ email: newEmail(), username: 'shared' })
      })

      it('refuses what is no e-mail', async () => {
        const create = api.users.create({ email: 'nobody' })
        await expect(create).rejects.toMatchObject({ kind: 'invalid', fields: ['email'] })
      })

      it('ignores password and is_active', async () => {
        const email = newEmail()
        const body = { email, username: email, password, is_active: false }
        const created = await asOwner('POST', '/api/users/', body)
        expect(created.status).toBe(201)
        expect(created.json).not.toHaveProperty('is_active')
        expect((await admin.get(created.json.id))?.isActive).toBe(true)
        expect((await signIn(subject.url, email, password)).status).toBe(200)
        const patch = await asOwner('PATCH', `/api/users/${created.json.id}/`, { is_active: false })
        expect(patch.status).toBe(200)
        expect((await admin.get(created.json.id))?.isActive).toBe(true)
      })

      it('changes names', async () => {
        const user = await api.users.create({ email: newEmail() })
        const changed = await api.users.changeNames(user.id, { firstName: 'Bo', lastName: 'Öz' })
        expect(changed).toMatchObject({ firstName: 'Bo', lastName: 'Öz', email: user.email })
      })

      it('saves the rest before it refuses an e-mail', async () => {
        const user = await api.users.create({ email: newEmail() })
        const body = { email: newEmail(), first_name: 'Saved' }
        const answer = await asOwner('PATCH', `/api/users/${user.id}/`, body)
        expect(answer.status).toBe(405)
        expect(answer.json.detail).toBe('Cannot update read-only field: email')
        expect(await api.users.get(user.id)).toMatchObject({
          email: user.email,
          firstName: 'Saved',
        })
      })

      it('says that there is no such account', async () => {
        expect(await api.users.get(999_999)).toBeUndefined()
        expect(await api.users.delete(999_999)).toBe(false)
        const change = api.users.changeNames(999_999, { firstName: 'X' })
        await expect(change).rejects.toMatchObject({ kind: 'notFound', status: 404 })
      })

      it('deletes for good, and leaves annotations without an author', async () => {
        const person = await aPerson()
        const { task } = await aTask()
        const path = `/api/tasks/${task}/annotations/`
        expect((await asPerson(person.cookie, 'POST', path, { result: [] })).status).toBe(201)
        expect(await api.users.delete(person.id)).toBe(true)
        expect(await api.users.get(person.id)).toBeUndefined()
        expect((await withHeaders({ cookie: person.cookie })).status).toBe(401)
        expect((await asOwner('GET', path)).json).toMatchObject([{ completed_by: null }])
      })

      it('lets only the owner delete, and not the owner', async () => {
        const person = await aPerson()
        const other = await api.users.create({ email: newEmail() })
        const answer = await asPerson(person.cookie, 'DELETE', `/api/users/${other.id}/`)
        expect(answer.status).toBe(403)
        await expect(api.users.delete(1)).rejects.toMatchObject({ kind: 'forbidden' })
      })
    })

    describe('memberships', () => {
      const all = async () => {
        const found = []
        for await (const each of api.members(1).list()) found.push(each)
        return found
      }

      it('are listed in pages, each once', async () => {
        const { id } = await api.users.create({ email: newEmail() })
        const first = await asOwner('GET', '/api/organizations/1/memberships?page=1&page_size=2')
        expect(first.json.results).toHaveLength(2)
        expect(first.json.next).toContain('page=2')
        const ids = (await all()).map(({ userId }) => userId)
        expect(ids).toContain(id)
        expect(new Set(ids).size).toBe(ids.length)
        expect(ids).toHaveLength(first.json.count)
      })

      it('are 404 past the last page, and unlimited with -1', async () => {
        const path = '/api/organizations/1/memberships?page_size=2'
        expect((await asOwner('GET', `${path}&page=9999`)).status).toBe(404)
        const unlimited = await asOwner('GET', '/api/organizations/1/memberships?page_size=-1')
        expect(unlimited.json.results).toHaveLength(unlimited.json.count)
      })

      it('once removed are masked everywhere and still hold their e-mail', async () => {
        const { id, email } = await api.users.create({ email: newEmail(), firstName: 'Gone' })
        expect(await api.members(1).remove(id)).toBe(true)
        expect(await api.members(1).remove(id)).toBe(false)
        expect(await api.users.get(id)).toMatchObject({ id, masked: true, firstName: 'Deleted' })
        expect((await api.users.list()).find((each) => each.id === id)?.masked).toBe(true)
        expect((await all()).find((each) => each.userId === id)?.user.masked).toBe(true)
        const again = api.users.create({ email })
        await expect(again).rejects.toMatchObject({ kind: 'duplicateEmail' })
        expect((await asOwner('GET', `/api/organizations/1/memberships/${id}/`)).status).toBe(200)
      })

      it('once removed show their e-mail in the admin', async () => {
        const { id, email } = await api.users.create({ email: newEmail() })
        await api.members(1).remove(id)
        expect(await admin.get(id)).toMatchObject({ id, email, isActive: true })
      })

      it('cannot be removed by themselves or by others than the owner', async () => {
        const remove = api.members(1).remove(1)
        await expect(remove).rejects.toMatchObject({ kind: 'conflict', status: 405 })
        const person = await aPerson()
        const path = '/api/organizations/1/memberships/1/'
        expect((await asPerson(person.cookie, 'DELETE', path)).status).toBe(403)
      })

      it('once removed leave a session that still lists and creates projects', async () => {
        const { id, cookie, access } = await aPerson()
        const { project } = await aTask()
        await api.members(1).remove(id)
        expect((await withHeaders({ authorization: `Bearer ${access}` })).status).toBe(500)
        const whoami = await asPerson(cookie, 'GET', '/api/current-user/whoami')
        expect(whoami).toMatchObject({ status: 200, json: { id, first_name: 'Deleted' } })
        expect((await asPerson(cookie, 'GET', '/api/projects/')).status).toBe(200)
        expect((await asPerson(cookie, 'GET', `/api/projects/${project}/`)).status).toBe(403)
        const create = await asPerson(cookie, 'POST', '/api/projects', { title: 'Still here' })
        expect(create.status).toBe(201)
        expect((await withHeaders({ authorization: `Bearer ${access}` })).status).toBe(200)
      })

      it('once removed let the person sign in again', async () => {
        const { id, email } = await aPerson()
        await api.members(1).remove(id)
        expect((await signIn(subject.url, email, password)).status).toBe(302)
      })
    })

    describe('projects', () => {
      it('are listed and found', async () => {
        const { project } = await aTask()
        const found = []
        for await (const each of api.projects.list()) found.push(each)
        expect(found).toContainEqual({ id: project, title: 'A project' })
        expect(await api.projects.get(project)).toEqual({ id: project, title: 'A project' })
        expect(await api.projects.get(999_999)).toBeUndefined()
      })

      it('need a title of three characters', async () => {
        expect((await asOwner('POST', '/api/projects', { title: 'ab' })).status).toBe(400)
      })

      it('take annotations from members', async () => {
        const person = await aPerson()
        const { task } = await aTask()
        const path = `/api/tasks/${task}/annotations/`
        const created = await asPerson(person.cookie, 'POST', path, { result: [] })
        expect(created).toMatchObject({ status: 201, json: { completed_by: person.id, task } })
      })
    })

    describe('the admin', () => {
      it('shows an account, and that there is none', async () => {
        const { id, email } = await api.users.create({ email: newEmail(), firstName: '<b>"&\'' })
        expect(await admin.get(id)).toEqual({
          id,
          email,
          username: email,
          firstName: '<b>"&\'',
          lastName: '',
          isActive: true,
          isStaff: false,
          isSuperuser: false,
        })
        expect(await admin.get(999_999)).toBeUndefined()
        expect(await admin.get(1)).toMatchObject({ isSuperuser: true, isStaff: true })
      })

      it('deactivates: session, tokens and sign-in are refused at once', async () => {
        const person = await aPerson()
        expect(await admin.change(person.id, { isActive: false })).toMatchObject({
          isActive: false,
          email: person.email,
        })
        const status = async (headers: Record<string, string>) =>
          (await withHeaders(headers)).status
        expect(await status({ cookie: person.cookie })).toBe(401)
        expect(await status({ authorization: `Token ${person.legacy}` })).toBe(401)
        expect(await status({ authorization: `Bearer ${person.access}` })).toBe(401)
        const page = await withHeaders({ cookie: person.cookie }, '/projects/')
        expect(page).toMatchObject({ status: 302, location: '/user/login/?next=/projects/' })
        const exchange = { method: 'POST', body: { refresh: person.refresh } }
        expect((await send(`${subject.url}/api/token/refresh/`, exchange)).status).toBe(401)
        expect((await signIn(subject.url, person.email, password)).status).toBe(200)
        expect(await api.users.get(person.id)).toMatchObject({ email: person.email, masked: false })
      })

      it('reactivates: the old session works, and the work is still there', async () => {
        const person = await aPerson()
        const { task } = await aTask()
        const path = `/api/tasks/${task}/annotations/`
        await asPerson(person.cookie, 'POST', path, { result: [] })
        await admin.change(person.id, { isActive: false })
        await admin.change(person.id, { isActive: true })
        expect((await withHeaders({ cookie: person.cookie })).json.id).toBe(person.id)
        expect((await asOwner('GET', path)).json).toMatchObject([{ completed_by: person.id }])
      })

      it('renames', async () => {
        const { id } = await api.users.create({ email: newEmail(), firstName: 'Old' })
        const email = newEmail()
        await admin.change(id, { email, firstName: 'New', lastName: 'Nämé & "co"' })
        expect(await api.users.get(id)).toMatchObject({
          email,
          firstName: 'New',
          lastName: 'Nämé & "co"',
        })
      })

      it('keeps what is not meant, though a form is posted whole', async () => {
        const person = await aPerson()
        const before = await asPerson(person.cookie, 'GET', '/api/current-user/whoami')
        await admin.change(person.id, { lastName: 'Changed' })
        const after = await asPerson(person.cookie, 'GET', '/api/current-user/whoami')
        expect(after.json.date_joined.slice(0, 19)).toBe(before.json.date_joined.slice(0, 19))
        expect(after.json).toMatchObject({ email: person.email, username: before.json.username })
      })

      it('refuses an e-mail that another account has, or that is none', async () => {
        const { id, email } = await api.users.create({ email: newEmail() })
        const taken = admin.change(id, { email: subject.ownerEmail })
        await expect(taken).rejects.toMatchObject({ kind: 'duplicateEmail', fields: ['email'] })
        const bad = admin.change(id, { email: 'nobody' })
        await expect(bad).rejects.toMatchObject({ kind: 'invalid', fields: ['email'] })
        expect((await admin.get(id))?.email).toBe(email)
      })

      it('lets a person in who had no password', async () => {
        const { id, email } = await api.users.create({ email: newEmail() })
        expect((await signIn(subject.url, email, password)).status).toBe(200)
        await admin.setPassword(id, password)
        const { status, cookie } = await signIn(subject.url, email, password)
        expect(status).toBe(302)
        const { json } = await asPerson(cookie, 'GET', '/api/current-user/whoami')
        expect(json).toMatchObject({ id, active_organization: 1 })
      })

      it('ends the sessions of the old password', async () => {
        const person = await aPerson()
        await admin.setPassword(person.id, 'Another-passw0rd')
        expect((await withHeaders({ cookie: person.cookie })).status).toBe(401)
        expect((await signIn(subject.url, person.email, password)).status).toBe(200)
        expect((await signIn(subject.url, person.email, 'Another-passw0rd')).status).toBe(302)
      })

      it('refuses a password that is too short', async () => {
        const { id } = await api.users.create({ email: newEmail() })
        const set = admin.setPassword(id, 'short')
        await expect(set).rejects.toMatchObject({ kind: 'invalid', fields: ['password2'] })
      })

      it('is closed to people who are not superusers', async () => {
        const person = await aPerson()
        const { url } = subject
        const theirs = labelStudioAdmin({ url, email: person.email, password, retries: 0 })
        await expect(theirs.get(1)).rejects.toMatchObject({ kind: 'forbidden' })
        const wrong = labelStudioAdmin({ url, email: person.email, password: 'wrong', retries: 0 })
        await expect(wrong.get(1)).rejects.toMatchObject({ kind: 'unauthorized' })
      })

      it('is reached by a sign-in that sends on who has a session already', async () => {
        const { cookie } = await aPerson()
        const answer = await withHeaders({ cookie }, '/user/login/')
        expect(answer).toMatchObject({ status: 302, location: '/' })
      })

      it('changes several accounts at once', async () => {
        const people = await Promise.all(
          [1, 2, 3, 4].map(() => api.users.create({ email: newEmail() })),
        )
        await Promise.all(people.map(({ id }) => admin.change(id, { isActive: false })))
        const states = await Promise.all(people.map(({ id }) => admin.get(id)))
        expect(states.map((each) => each?.isActive)).toEqual([false, false, false, false])
      })
    })

    describe('sign-up by invite', () => {
      it('refuses a wrong invite and an address that is taken', async () => {
        const { email } = await api.users.create({ email: newEmail() })
        const invite = await api.settings.inviteToken()
        const taken = await signUp(subject.url, invite, { email, password })
        expect(taken.status).toBe(200)
        const wrong = await signUp(subject.url, 'wrong', { email: newEmail(), password })
        expect(wrong.status).toBe(403)
      })

      it('lower-cases the e-mail and makes a member with an organization', async () => {
        const email = newEmail()
        const spelling = { email: email.toUpperCase(), password }
        const cookie = await signUpInvited(subject.url, api.settings.inviteToken, spelling)
        const { json } = await asPerson(cookie, 'GET', '/api/current-user/whoami')
        expect(json).toMatchObject({
          email,
          username: email.split('@')[0],
          active_organization: 1,
        })
      })
    })

    describe('whose request it is', () => {
      const identify = (headers: Record<string, string>) =>
        identifyLabelStudioUser({ url: subject.url, retries: 0 })({ headers })

      it('is told by session, legacy token and JWT', async () => {
        const { id, email, cookie, legacy, access } = await aPerson()
        const since = expect.any(String)
        const one = { identities: [{ accountId: id, email, since }], isComplete: true }
        expect(await identify({ cookie })).toEqual(one)
        expect(await identify({ authorization: `Token ${legacy}` })).toEqual(one)
        expect(await identify({ 'x-api-key': legacy })).toEqual(one)
        expect(await identify({ authorization: `Bearer ${access}` })).toEqual(one)
      })

      it('is told although an invalid token hides the session from the API', async () => {
        const { id, cookie } = await aPerson()
        const { identities } = await identify({ cookie, authorization: 'Token wrong' })
        expect(identities).toMatchObject([{ accountId: id }])
      })

      it('is nobody without a valid credential', async () => {
        const none = { identities: [], isComplete: true }
        expect(await identify({})).toEqual(none)
        expect(await identify({ cookie: 'sessionid=wrong' })).toEqual(none)
        const refused = { ...none, refused: ['x-api-key'] }
        expect(await identify({ cookie: 'sessionid=wrong', 'x-api-key': 'wrong' })).toEqual(refused)
      })

      it('is told by id when the person was removed', async () => {
        const { id, cookie } = await aPerson()
        await api.members(1).remove(id)
        const { identities } = await identify({ cookie })
        expect(identities).toMatchObject([{ accountId: id, email: 'Deleted' }])
      })
    })

    describe('owner tokens', () => {
      it('are told from those of others', async () => {
        const verify = ownerTokenVerifier({ url: subject.url, retries: 0 })
        const person = await aPerson()
        const owner = { outcome: 'owner', accountId: 1, organization: 1 }
        expect(await verify(subject.token)).toEqual(owner)
        const other = { outcome: 'notOwner', accountId: person.id, organization: 1 }
        expect(await verify(person.legacy)).toEqual(other)
        expect(await verify(person.refresh)).toEqual(other)
        expect(await verify(person.access)).toEqual(other)
        expect(await verify('wrong')).toEqual({ outcome: 'refused' })
      })
    })

    describe('a crash', () => {
      it('loses nothing, and the admin session goes on', async () => {
        const { id } = await api.users.create({ email: newEmail() })
        await admin.change(id, { lastName: 'Before' })
        await subject.kill()
        await expect(api.whoami()).rejects.toMatchObject({ kind: 'unavailable' })
        await subject.restart()
        expect(await admin.change(id, { isActive: false })).toMatchObject({ lastName: 'Before' })
      }, 200_000)
    })
  })
}
