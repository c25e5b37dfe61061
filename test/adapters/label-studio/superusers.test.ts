import { type LabelStudioApi, labelStudioApi } from '../../../adapters/label-studio/api/index.js'
import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { send, signUpInvited } from '../../support/label-studio-browser.js'
import { type Product, startProduct } from './product.js'

const password = 'A-good-passw0rd'

let fake: FakeLabelStudio
let api: LabelStudioApi
let product: Product
let count = 0

beforeAll(async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  api = labelStudioApi({ url: fake.url, token: fake.token })
})
afterAll(() => fake.stop())
afterEach(() => product.stop())

async function start() {
  product = await startProduct(fake)
}

async function aPerson() {
  count += 1
  const email = `someone-${count}@example.com`
  const cookie = await signUpInvited(fake.url, api.settings.inviteToken, { email, password })
  const user = [...fake.state.users.values()].find((each) => each.email === email)
  return { email, cookie, id: user?.id ?? 0 }
}

/** Which only an administrator of the server can, in Community. */
function makeSuperuser(id: number) {
  const user = fake.state.users.get(id)
  if (user) user.isSuperuser = true
}

const isActive = (id: number) => fake.state.users.get(id)?.isActive

const through = async (headers: Record<string, string>) =>
  (await send(`${product.url}/api/current-user/whoami`, { headers })).status

describe('accounts that are not ours to manage', () => {
  it('are superusers’, on every path', async () => {
    await start()
    const person = await aPerson()
    const { email, cookie } = person
    const headers = { cookie }
    const emails = [{ value: email, primary: true }]
    makeSuperuser(person.id)
    const pushed = await product.pushUser({ userName: `upn-${email}`, emails, active: false })
    expect([pushed.status, await through(headers)]).toEqual([403, 200])
    await product.adapters.importer.run()
    await product.saveRules({ roles_groups: [['Annotator', 'crew']] })
    const [user] = (await product.lookUp(email)).json.Resources
    expect((await product.pushGroup('crew', [user.id])).status).toBe(403)
    expect((await product.setActive(user.id, false)).status).toBe(403)
    expect((await product.scim('DELETE', `/Users/${user.id}`)).status).toBe(403)
    expect([await isActive(person.id), await through(headers)]).toEqual([true, 200])
  }, 60_000)

  it.each(['leave', 'delete'])(
    'are superusers’ who are in a role group already: nobody makes them %s',
    async (what) => {
      await start()
      const person = await aPerson()
      await product.adapters.importer.run()
      await product.saveRules({ roles_groups: [['Annotator', 'crew']] })
      const [user] = (await product.lookUp(person.email)).json.Resources
      const { json: group } = await product.pushGroup('crew', [user.id])
      await product.drained()
      makeSuperuser(person.id)
      // Once without the import having seen it: Label Studio refuses, and everything is put back.
      for (const _ of ['unseen', 'seen']) {
        const path = `/Groups/${group.id}`
        const remove = [{ op: 'remove', path: `members[value eq "${user.id}"]` }]
        const answer =
          what === 'leave' ? await product.patch(path, remove) : await product.scim('DELETE', path)
        const after = (await product.scim('GET', path)).json.members
        expect([answer.status, after?.length]).toEqual([403, 1])
        expect(await through({ cookie: person.cookie })).toBe(200)
        await product.adapters.importer.run()
      }
      const renamed = await product.patch(`/Groups/${group.id}`, [
        { op: 'replace', value: { displayName: 'others' } },
      ])
      await product.drained()
      expect([renamed.status, await isActive(person.id)]).toEqual([204, true])
      expect(await through({ cookie: person.cookie })).toBe(200)
    },
    60_000,
  )
})
