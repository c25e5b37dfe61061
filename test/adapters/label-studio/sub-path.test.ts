import { labelStudioOwner } from '../../../adapters/label-studio/index.js'
import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { send, signIn, signUp } from '../../support/label-studio-browser.js'
import { type Product, startProduct } from './product.js'

const password = 'A-good-passw0rd'
const email = 'ann@example.com'

describe.each([
  ['at the root', {}],
  ['below a path', { basePath: '/tools/label-studio' }],
])('the product in front of a Label Studio %s', (_name, options) => {
  let fake: FakeLabelStudio
  let product: Product
  beforeEach(async () => {
    fake = await startFakeLabelStudio({ mode: 'oss-new', ...options })
    product = await startProduct(fake, { authenticate: labelStudioOwner({ url: fake.url }) })
  })
  afterEach(async () => {
    await product.stop()
    await fake.stop()
  })

  const scim = (method: string, path: string, body?: unknown) =>
    product.scim(method, path, body, fake.token)
  const setActive = (id: string, active: boolean) =>
    scim('PATCH', `/Users/${id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active } }],
    })
  const push = () =>
    scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: email,
      password,
    })

  it('lets people in and shuts them out: account, admin, gate, forms, owner’s token', async () => {
    const { status, json } = await push()
    expect(status).toBe(201)
    const { cookie, status: signedIn } = await signIn(product.front, email, password)
    expect(signedIn).toBe(302)
    const me = () => send(`${product.front}/api/current-user/whoami`, { headers: { cookie } })
    expect((await me()).json.email).toBe(email)
    expect((await setActive(json.id, false)).status).toBe(200)
    expect([401, 403]).toContain((await me()).status)
    expect((await signIn(product.front, email, password)).status).toBe(403)
    await setActive(json.id, true)
    await product.drained()
    expect((await me()).status).toBe(200)
  })

  it('keeps strangers from signing up there', async () => {
    const invite = fake.state.inviteToken
    const stranger = { email: 'x@example.com', password }
    expect((await signUp(product.front, invite, stranger)).status).toBe(403)
  })

  it('passes nothing on that is not below that path', async () => {
    await send(`${product.url}/elsewhere`)
    expect(fake.requests.filter(({ path }) => path.startsWith('/outside'))).toEqual([])
  })

  it('imports, and examines without a complaint', async () => {
    expect(await product.adapters.importer.run()).toMatchObject({ imported: 1 })
    const findings = await product.adapters.examine()
    expect(findings.filter(({ level }) => level === 'error')).toEqual([])
  })
})
