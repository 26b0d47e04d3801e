/** The page begins here. */

import { render } from 'preact'
import { App } from './App.tsx'
import { followAddress } from './frame/address.ts'
import { countRequests } from './frame/requests.ts'
import { followTheme } from './frame/theme.ts'
import 'virtual:report.css'
import './style.css'

followTheme()
followAddress()
countRequests()
render(<App />, document.body)
