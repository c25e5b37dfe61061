import {
  type LabelStudioAdminOptions,
  labelStudioAdmin,
  labelStudioApi,
} from '../../../adapters/label-studio/api/index.js'
import {
  type FakeLabelStudio,
  type FakeOptions,
  type FakeUser,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'

let fake: FakeLabelStudio
const started: FakeLabelStudio[] = []
const startFake = async (options: FakeOptions = {}) => {
  fake = await startFakeLabelStudio(options)
  started.push(fake)
}
beforeEach(() => startFake())
afterEach(() => Promise.all(started.splice(0).map((each) => each.stop())))

const anAdmin = (options: Partial<LabelStudioAdminOptions> = {}) =>
  labelStudioAdmin({
    url: fake.url,
    email: fake.ownerEmail,
    password: fake.ownerPassword,
    sleep: async () => {},
    ...options,
  })

const aUser = async (email = 'ann@example.com'): Promise<FakeUser> => {
  const api = labelStudioApi({ url: fake.url, token: fake.token })
  const { id } = await api.users.create({ email })
  const user = fake.state.users.get(id)
  if (user === undefined) throw new Error('not created')
  return user
}

const posts = () =>
  fake.requests.filter(({ method, path }) => method === 'POST' && path.startsWith('/admin'))
const signIns = () =>
  fake.requests.filter(({ method, path }) => method === 'POST' && path === '/user/login/').length

/** Ends every session of the owner, whose password stays. */
const endSessions = () => {
  const owner = fake.state.users.get(1)
  if (owner !== undefined) owner.passwordVersion += 1
}

it('posts the form as it was given, changed only where meant', async () => {
  const user = await aUser()
  Object.assign(user, {
    firstName: 'A & "B"',
    isStaff: true,
    lastLogin: '2026-01-02T03:04:05.000Z',
  })
  await anAdmin().change(user.id, { isActive: false })
  const [post] = posts()
  const { csrfmiddlewaretoken, ...form } = Object.fromEntries(new URLSearchParams(post?.body))
  expect(form).toEqual({
    email: 'ann@example.com',
    username: 'ann@example.com',
    first_name: 'A & "B"',
    last_name: '',
    is_staff: 'on',
    last_login_0: '2026-01-02',
    last_login_1: '03:04:05',
    date_joined_0: user.dateJoined.slice(0, 10),
    date_joined_1: user.dateJoined.slice(11, 19),
    'initial-date_joined_0': user.dateJoined.slice(0, 10),
  })
  expect(csrfmiddlewaretoken).toMatch(/./)
  expect(post?.headers.referer).toBe(`${fake.url}/admin/users/user/${user.id}/change/`)
  expect(post?.headers.origin).toBeUndefined()
})

it('posts nothing when everything is as wanted', async () => {
  const user = await aUser()
  await anAdmin().change(user.id, { isActive: true, email: 'ann@example.com' })
  expect(posts()).toHaveLength(0)
})

it('signs in once for many calls', async () => {
  const users = await Promise.all([1, 2, 3].map((each) => aUser(`p${each}@example.com`)))
  const admin = anAdmin()
  await Promise.all(users.map(({ id }) => admin.change(id, { isActive: false })))
  expect(users.map(({ isActive }) => isActive)).toEqual([false, false, false])
  expect(signIns()).toBe(1)
})

it('signs in again when Label Studio has ended the session', async () => {
  const user = await aUser()
  const admin = anAdmin()
  await admin.get(user.id)
  endSessions()
  expect((await admin.change(user.id, { isActive: false })).isActive).toBe(false)
  expect(signIns()).toBe(2)
})

it('starts over with a fresh form when the session ends between reading and posting', async () => {
  const user = await aUser()
  const admin = anAdmin()
  await admin.get(user.id)
  const headers = { location: '/admin/login/?next=/admin/' }
  fake.faults.add({
    fault: { kind: 'status', status: 302, headers },
    method: 'POST',
    path: /change/,
    times: 1,
  })
  expect((await admin.change(user.id, { isActive: false })).isActive).toBe(false)
  expect(signIns()).toBe(2)
})

it('works below a base path', async () => {
  await startFake({ basePath: '/label-studio' })
  const user = await aUser()
  await anAdmin().change(user.id, { isActive: false })
  expect(user.isActive).toBe(false)
})

it('refuses a form it does not know, and posts nothing', async () => {
  await startFake({ strangeAdminForm: true })
  const user = await aUser()
  const change = anAdmin().change(user.id, { isActive: false })
  await expect(change).rejects.toMatchObject({ kind: 'unexpected' })
  await expect(change).rejects.toThrow('it has no checkbox "is_active"')
  expect(posts()).toHaveLength(0)
})

it('finds out when a change that was accepted does not hold', async () => {
  const user = await aUser()
  const headers = { location: '/admin/users/user/' }
  fake.faults.add({
    fault: { kind: 'status', status: 302, headers },
    method: 'POST',
    path: /change/,
  })
  const change = anAdmin().change(user.id, { isActive: false })
  await expect(change).rejects.toMatchObject({ kind: 'unexpected', maybeDone: true })
})

it.each(['down', 'dropped'] as const)('gets through when a connection is %s', async (kind) => {
  const user = await aUser()
  fake.faults.add({ fault: { kind }, path: /^\/(admin|user)/, times: 3 })
  await anAdmin().change(user.id, { isActive: false })
  expect(user.isActive).toBe(false)
})

it('gets through the 500 of a locked database', async () => {
  const user = await aUser()
  fake.faults.add({
    fault: { kind: 'status', status: 500 },
    method: 'POST',
    path: /change/,
    times: 2,
  })
  await anAdmin().change(user.id, { isActive: false })
  expect(user.isActive).toBe(false)
})

it('says unavailable when Label Studio is gone', async () => {
  const user = await aUser()
  await fake.kill()
  const change = anAdmin().change(user.id, { isActive: false })
  await expect(change).rejects.toMatchObject({ kind: 'unavailable' })
})

it('never posts two forms at the same time, which SQLite would not bear', async () => {
  const users = await Promise.all([1, 2, 3, 4].map((each) => aUser(`p${each}@example.com`)))
  const before = fake.requests.length
  const admin = anAdmin()
  await Promise.all(users.map(({ id }) => admin.change(id, { isActive: false })))
  const paths = fake.requests.slice(before).filter(({ path }) => path.startsWith('/admin'))
  const perUser = users.map(({ id }) => `/admin/users/user/${id}/change/`)
  expect(paths.map(({ path }) => path)).toEqual(perUser.flatMap((path) => [path, path, path]))
})

it.each([
  ['is deactivated', { isActive: false }],
  ['gets another e-mail', { email: 'new@example.com' }],
])('refuses that the owner %s (S-AUTHZ-07)', async (_name, change) => {
  await expect(anAdmin().change(1, change)).rejects.toMatchObject({ kind: 'protected' })
  await expect(anAdmin().setPassword(1, 'Another-passw0rd')).rejects.toMatchObject({
    kind: 'protected',
  })
  expect(posts()).toHaveLength(0)
})

it.each([0, -1, 1.5, Number.NaN])('takes no id %d (S-INP-12)', async (id) => {
  await expect(anAdmin().get(id)).rejects.toThrow(TypeError)
})

it('does not shut the account out when its password is set', async () => {
  const user = await aUser()
  await anAdmin().setPassword(user.id, 'Word & "other" 1%+')
  expect(user).toMatchObject({ password: 'Word & "other" 1%+', isActive: true })
})

it('says notFound for an account that is not there', async () => {
  await expect(anAdmin().change(99, { isActive: false })).rejects.toMatchObject({
    kind: 'notFound',
  })
  await expect(anAdmin().setPassword(99, 'A-good-passw0rd')).rejects.toMatchObject({
    kind: 'notFound',
  })
})

it('shows no password in an error (S-LEAK-01)', async () => {
  const user = await aUser()
  const canary = 'canary'
  const short = await anAdmin()
    .setPassword(user.id, canary)
    .catch((each) => each)
  const wrong = await anAdmin({ password: canary })
    .get(1)
    .catch((each) => each)
  fake.faults.add({ fault: { kind: 'garbage' } })
  const garbage = await anAdmin({ password: canary })
    .get(1)
    .catch((each) => each)
  for (const error of [short, wrong, garbage]) {
    expect(error.name).toBe('LabelStudioError')
    expect(`${error.stack} ${JSON.stringify(error)} ${error.cause}`).not.toContain(canary)
  }
})

it.each([
  [{ email: '' }, 'Options "email" and "password"'],
  [{ password: '' }, 'Options "email" and "password"'],
  [{ url: 'nowhere' }, 'Option "url"'],
])('%j cannot work', (options, message) => {
  expect(() => anAdmin(options)).toThrow(message)
})
