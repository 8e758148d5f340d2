import { createApp, h } from 'vue';
import { createRouter, createWebHashHistory, createWebHistory, RouterLink, RouterView } from 'vue-router';
import { at } from './moment.js';

at('before');
const history = location.pathname.startsWith('/path') ? createWebHistory('/path') : createWebHashHistory();
const router = createRouter({
  history,
  routes: [
    { path: '/', component: { render: () => h('h1', 'home') } },
    { path: '/about', component: { render: () => h('h1', 'about') } },
    { path: '/:pathMatch(.*)*', component: { render: () => h('h1', 'not found') } },
  ],
});
at('created');
const App = {
  setup() {
    at('rendering');
    return () => [h(RouterView), h(RouterLink, { to: '/about' }, () => 'about us')];
  },
};
createApp(App).use(router).mount('#app');
router.isReady().then(() => {
  at('ready');
  globalThis.started = true;
});
