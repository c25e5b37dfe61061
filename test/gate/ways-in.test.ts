import { startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { describeWaysIn } from './ways-in.js'

describeWaysIn('ways into the fake Label Studio Community', () =>
  startFakeLabelStudio({ mode: 'oss-new' }),
)
