import { type Html, html, type Part } from '../html.js'
import { formToken, type Layout } from '../layout.js'

/** What the sign-in form shows besides its fields. */
export interface SignInView {
  readonly problem: string | undefined
  /** The rules typed before the session ended. */
  readonly draft: string | undefined
  /** The page to show afterwards, below the settings. */
  readonly to: string
}

/** The form in which administrators sign in with their token. */
export function signInView(layout: Layout, { problem, draft, to }: SignInView): Html {
  return html`<div class="narrow card">
<h1>SCIM settings</h1>
<p class="quiet">Sign in with the administrator’s token of this service. Whoever runs the service has it: it is usually set as <code>ADMIN_TOKEN</code>, or printed when the service starts.</p>
${problem !== undefined && html`<p class="problem" role="alert" id="problem">${problem}</p>`}
<form method="post" action="${layout.base}/sign-in" class="stacked">
${formToken(layout)}
<input type="hidden" name="to" value="${to}">
${draft !== undefined && html`<input type="hidden" name="draft" value="${draft}"><p class="quiet">Your session has ended. What you typed is kept, and shown again.</p>`}
<label for="token">Token</label>
<input type="password" id="token" name="token" required autocomplete="current-password" autofocus${
    problem !== undefined && html` aria-describedby="problem" aria-invalid="true"`
  }>
<button class="button primary">Sign in</button>
</form>
</div>`
}

/** A page with one message. */
export function messageView(layout: Layout, title: string, text: Part): Html {
  return html`<div class="narrow card"><h1>${title}</h1><p>${text}</p><p><a href="${layout.base}">Back to the settings</a></p></div>`
}
