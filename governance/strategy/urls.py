from django.urls import path

from governance.strategy import views

app_name = "strategy"
urlpatterns = [
    path("analyses/<str:ref>/propose/", views.Propose.as_view(), name="propose"),
]
