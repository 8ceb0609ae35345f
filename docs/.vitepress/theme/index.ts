import DefaultTheme from 'vitepress/theme';
import BudgetPlanner from './BudgetPlanner.vue';
import './style.css';
import type { Theme } from 'vitepress';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('BudgetPlanner', BudgetPlanner);
  },
} satisfies Theme;
