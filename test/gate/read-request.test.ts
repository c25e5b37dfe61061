import type { IncomingMessage } from 'node:http'
import { plainPath } from '../../lib/gate/paths.js'
import {
  dropCredentials,
  hasOnlyCookie,
  isOpenPage,
  isSignOut,
  secretsOf,
  signInPage,
} from '../../lib/gate/session.js'
import { cpuMs } from '../support/cpu-time.js'

const request = (parts: Partial<IncomingMessage> & { baseUrl?: string }) => parts as IncomingMessage
const withHeaders = (headers: IncomingMessage['headers']) =>
  request({ headers: { ...headers }, rawHeaders: [] })

describe('the plain path', () => {
  it.each([
    ['/', '/'],
    ['', '/'],
    ['/API/Projects/', '/api/projects'],
    ['//api///projects//', '/api/projects'],
    ['/api/./projects/../tasks', '/api/tasks'],
    ['/../../api', '/api'],
    ['/api\\projects', '/api/projects'],
    ['/api/projects?x=/..', '/api/projects'],
    ['/api/projects#/..', '/api/projects'],
    ['/api;a=1/projects;b', '/api/projects'],
    ['/%61pi/%2e%2e/tasks', '/tasks'],
    ['/%2561pi', '/api'],
    ['/%25252561pi', '/api'],
    ['/api%2Fprojects', '/api/projects'],
    ['/api%3Fx', '/api?x'],
    ['/%C3%A4', '/%c3%a4'],
    ['/%zz%4', '/%zz%4'],
    ['http://example.com/API', '/api'],
    ['HTTPS+x.y-z1://user@example.com:80/api?x', '/api'],
    ['http://example.com', '/'],
    ['/a/http://example.com/b', '/a/http:/example.com/b'],
    ['/a/...', '/a/...'],
  ])('of %s is %s', (url, path) => {
    expect(plainPath(url)).toBe(path)
  })

  it.each([
    ['%%34%31', '/a'],
    ['%%%33%34%31', '/a'],
    ['%2%35%34%31', '/a'],
    ['%%32%35%32%35%34%31', '/a'],
    ['%8%31', '/%81'],
  ])('of %s, which decoding makes anew, is %s', (given, path) => {
    expect(plainPath(`/${given}`)).toBe(path)
  })

  it('takes no long time for one that is encoded thousands of times', () => {
    const url = `/%${'25'.repeat(7_900)}41`
    expect(plainPath(url)).toBe('/a')
    expect(cpuMs(() => plainPath(url))).toBeLessThan(100)
  })
})

it.each([
  ['/logout', true],
  ['/logout/', true],
  ['/label-studio/logout?next=/', true],
  ['/api-auth/logout/', true],
  ['/logout/x', false],
  ['/xlogout', false],
  ['/api/logouts', false],
])('takes %s for the end of a session: %s', (url, expected) => {
  expect(isSignOut(request({ url }))).toBe(expected)
})

it.each([
  ['/user/login/', true],
  ['/user/signup', true],
  ['/admin/login/?next=/', true],
  ['/api-auth/login/', true],
  ['/below/user/login', true],
  ['/static/css/main.css', true],
  ['/react-app/main.js', true],
  ['/label-studio-frontend/x', true],
  ['/dm/x', true],
  ['/favicon.ico', true],
  ['/sw.js', true],
  ['/health/', true],
  ['/user/login/x', false],
  ['/user/logins', false],
  ['/api/static/x', false],
  ['/static', false],
  ['/xfavicon.ico', false],
  ['/favicon.ico/x', false],
  ['/faviconxico', false],
  ['/swxjs', false],
  ['/data/local-files', false],
])('lets %s pass without a session: %s', (url, expected) => {
  expect(isOpenPage(request({ url }))).toBe(expected)
})

it('knows the sign-in page below the path at which it is mounted', () => {
  expect(signInPage(request({}))).toBe('/user/login/')
  expect(signInPage(request({ baseUrl: '/studio' }))).toBe('/studio/user/login/')
})

it.each<[IncomingMessage['headers'], boolean]>([
  [{ cookie: 'a=1' }, true],
  [{ cookie: '' }, true],
  [{ cookie: 'a=1', accept: '*/*' }, true],
  [{}, false],
  [{ cookie: 'a=1', authorization: '' }, false],
  [{ cookie: 'a=1', 'x-api-key': 'k' }, false],
  [{ cookie: 'a=1', x_api_key: 'k' }, false],
  [{ authorization: 'Token t' }, false],
])('finds that a cookie is all that %j has: %s', (headers, expected) => {
  expect(hasOnlyCookie(withHeaders(headers))).toBe(expected)
})

describe('dropping credentials', () => {
  const all = {
    authorization: 'Token t',
    'x-api-key': 'k',
    x_api_key: 'k',
    cookie: 'sessionid=s; csrftoken=c; xcsrftoken=x;  csrftoken=d',
    accept: '*/*',
  }

  it('keeps everything else, and the CSRF cookies', () => {
    const anonymous = withHeaders(all)
    dropCredentials(anonymous)
    expect(anonymous.headers).toEqual({ accept: '*/*', cookie: 'csrftoken=c;  csrftoken=d' })
  })

  it('leaves no cookie if there is none for CSRF', () => {
    for (const cookie of ['sessionid=s', '', undefined]) {
      const anonymous = withHeaders({ cookie, accept: '*/*' })
      dropCredentials(anonymous)
      expect(anonymous.headers).toEqual({ accept: '*/*' })
    }
  })

  it('drops only what is named', () => {
    const named = withHeaders(all)
    dropCredentials(named, ['authorization'])
    const { authorization: _, ...rest } = all
    expect(named.headers).toEqual(rest)
    const cookieless = withHeaders(all)
    dropCredentials(cookieless, ['cookie'])
    expect(cookieless.headers).toEqual({ ...all, cookie: 'csrftoken=c;  csrftoken=d' })
  })
})

it('takes whole values and each word of credentials for secrets', () => {
  const headers = {
    authorization: 'Digest a="b,c";d',
    'x-api-key': ['one', 'two'],
    x_api_key: undefined,
    cookie: 'sessionid=s',
  }
  const words = ['Digest a="b,c";d', 'Digest', 'a', 'b', 'c', 'd', 'one', 'two']
  const found = secretsOf({ headers })
  expect(new Set(found.filter((each) => each !== ''))).toEqual(new Set(words))
})
