import '@angular/compiler';
import { APP_BASE_HREF } from '@angular/common';
import { Component, provideZonelessChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { provideRouter, RouterLink, RouterOutlet, withHashLocation } from '@angular/router';
import { at } from './moment.js';

// Without the Angular compiler: the code does what decorators would do.

const component = (metadata, type = class {}) => {
  Component(metadata)(type);
  return type;
};

at('before');
const isPath = location.pathname.startsWith('/path');
const routes = [
  { path: '', pathMatch: 'full', component: component({ template: '<h1>home</h1>' }) },
  { path: 'about', component: component({ template: '<h1>about</h1>' }) },
  { path: '**', component: component({ template: '<h1>not found</h1>' }) },
];
const App = component(
  {
    selector: '#app',
    imports: [RouterOutlet, RouterLink],
    template: '<router-outlet/><a routerLink="/about">about us</a>',
  },
  class {
    constructor() {
      at('rendering');
    }
  },
);
const started = bootstrapApplication(App, {
  providers: [
    provideZonelessChangeDetection(),
    provideRouter(routes, ...(isPath ? [] : [withHashLocation()])),
    ...(isPath ? [{ provide: APP_BASE_HREF, useValue: '/path/' }] : []),
  ],
});
at('created');
started.then(() => {
  // the first navigation continues
  setTimeout(() => {
    at('ready');
    globalThis.started = true;
  }, 50);
});
